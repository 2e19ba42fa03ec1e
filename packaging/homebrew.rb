# Made by packaging/release.py from packaging/homebrew.rb.
class Mcpbridge < Formula
  desc "${description}"
  homepage "${homepage}"
  version "${version}"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "${darwin_arm64_url}"
      sha256 "${darwin_arm64_sha256}"
    end
    on_intel do
      url "${darwin_x64_url}"
      sha256 "${darwin_x64_sha256}"
    end
  end

  on_linux do
    on_arm do
      url "${linux_arm64_url}"
      sha256 "${linux_arm64_sha256}"
    end
    on_intel do
      url "${linux_x64_url}"
      sha256 "${linux_x64_sha256}"
    end
  end

  def install
    bin.install "mcpbridge"
    man1.install "man/mcpbridge.1"
    bash_completion.install "completions/mcpbridge.bash" => "mcpbridge"
    zsh_completion.install "completions/_mcpbridge"
    fish_completion.install "completions/mcpbridge.fish"
  end

  test do
    assert_match "mcpbridge #{version}", shell_output("#{bin}/mcpbridge --version")
    assert_match "Hello, Ada!", shell_output("#{bin}/mcpbridge demo")
  end
end
