// The files of a release, made of the program under test for every system, and used as people use them.

import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { attempt, BRIDGE, HOST, release, REPOSITORY, run, scratch, sha256, TARGETS, VERSION } from "./lib.mjs";

const folder = scratch();
for (const { target } of TARGETS) release("archive", target, BRIDGE, folder);
release("recipes", folder, REPOSITORY);
release("sums", folder);

test("an archive has the program, its papers and what installs it", () => {
  const common = ["CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "completions/_mcpbridge",
    "completions/_mcpbridge.ps1", "completions/mcpbridge.bash", "completions/mcpbridge.elv", "completions/mcpbridge.fish"];
  for (const { archive } of TARGETS) {
    const windows = archive.endsWith(".zip");
    const listed = windows
      ? run("python3", ["-c", "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))", join(folder, archive)])
      : run("tar", ["-tzf", join(folder, archive)]);
    const more = windows ? ["mcpbridge.exe"] : ["install.sh", "man/mcpbridge.1", "mcpbridge"];
    const expected = [...common, ...more].map((file) => `mcpbridge-${VERSION}/${file}`);
    assert.deepEqual(listed.trim().split("\n").sort(), expected.sort(), archive);
  }
});

test("the same program gives the same archive", () => {
  for (const { target, archive } of TARGETS) {
    const again = scratch();
    release("archive", target, BRIDGE, again);
    assert.equal(sha256(join(again, archive)), sha256(join(folder, archive)), archive);
  }
});

test("SHA256SUMS has every file, in the form that sha256sum checks", () => {
  const listed = readFileSync(join(folder, "SHA256SUMS"), "utf8").trim().split("\n").map((line) => line.split("  "));
  assert.deepEqual(listed.map(([, name]) => name), readdirSync(folder).filter((name) => name !== "SHA256SUMS").sort());
  for (const [sum, name] of listed) assert.equal(sum, sha256(join(folder, name)), name);
});

test("install.sh installs out of the unpacked archive", () => {
  const place = scratch();
  run("tar", ["-xzf", join(folder, HOST.archive), "-C", place]);
  install(join(place, `mcpbridge-${VERSION}`, "install.sh"), {});
});

test("install.sh alone finds the archive for this machine in the folder of the release", () => {
  const place = scratch();
  cpSync("../../install.sh", join(place, "install.sh"));
  install(join(place, "install.sh"), { MCPBRIDGE_RELEASE: `file://${folder}` });
});

function install(script, more) {
  const home = scratch();
  run(script, [], { env: { PATH: process.env.PATH, HOME: home, ...more } });
  const program = join(home, ".local/bin/mcpbridge");
  assert.equal(sha256(program), sha256(BRIDGE));
  assert.equal(run(program, ["--version"]).trim(), `mcpbridge ${VERSION}`);
}

test("the Homebrew formula is Ruby and names each archive with its checksum", () => {
  const formula = join(folder, "mcpbridge.rb");
  assert.equal(run("ruby", ["-wc", formula]).trim(), "Syntax OK");
  const pairs = [...readFileSync(formula, "utf8").matchAll(/url "(.+)"\n\s+sha256 "(.+)"/g)].map(([, url, sum]) => [url, sum]);
  const expected = TARGETS.filter(({ archive }) => !archive.endsWith(".zip")).map(({ archive }) => published(archive));
  assert.deepEqual(pairs.sort(), expected.sort());
});

test("the Scoop manifest is JSON and names each archive with its checksum", () => {
  const manifest = JSON.parse(readFileSync(join(folder, "mcpbridge.json"), "utf8"));
  const pairs = Object.values(manifest.architecture).map(({ url, hash }) => [url, hash]);
  assert.deepEqual(pairs, ["x86_64", "aarch64"].map((machine) => published(`mcpbridge-windows-${machine}.zip`)));
  assert.deepEqual([manifest.version, manifest.extract_dir, manifest.bin], [VERSION, `mcpbridge-${VERSION}`, "mcpbridge.exe"]);
  for (const [machine, { url }] of Object.entries(manifest.autoupdate.architecture)) {
    assert.equal(url.replaceAll("$version", VERSION), manifest.architecture[machine].url);
  }
});

const published = (archive) => [`${REPOSITORY}/releases/download/v${VERSION}/${archive}`, sha256(join(folder, archive))];

test("the container image gets the programs under the names that docker has for processors", () => {
  const context = join(scratch(), "context");
  release("image", folder, context);
  for (const name of ["amd64", "arm64"]) assert.equal(sha256(join(context, name, "mcpbridge")), sha256(BRIDGE));
  for (const name of ["Dockerfile", "ca-certificates.crt", "home"]) assert.ok(existsSync(join(context, name)), name);
});

test("a release whose tag, changelog or repository say something else is refused", () => {
  const wrong = attempt("check", `v${VERSION}9`, REPOSITORY);
  assert.match(wrong.stderr, /the tag is v.+ and the version in Cargo\.toml/);
  const elsewhere = attempt("check", `v${VERSION}`, REPOSITORY);
  assert.match(elsewhere.stderr, /repository in Cargo\.toml/);
  assert.deepEqual([wrong.status, elsewhere.status], [1, 1]);
  assert.match(release("notes"), /^### /);
});

test("the workflow builds what is in the table", () => {
  assert.deepEqual(JSON.parse(release("matrix")), { include: TARGETS });
  const unknown = attempt("archive", "s390x-unknown-linux-gnu", BRIDGE, folder);
  assert.match(unknown.stderr, /s390x-unknown-linux-gnu is not in targets\.json/);
});
