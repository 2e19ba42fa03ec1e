# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_mcpbridge_global_optspecs
    string join \n header= header-file= header-from= token-command= allow-http ipv4 ca-cert= client-cert= client-key= insecure proxy= enable-proxy disable-cookies connect-timeout= account= resource= disable-resource-parameter authorize-param= static-oauth-client-metadata= static-oauth-client-info= client-metadata-url= use-id-token host= callback-path= auth-success-url= no-browser device-code non-interactive interactive auth-timeout= sign-in-timeout= client-credentials private-key= key-id= signing-algorithm= token-endpoint= workload-token= idp= idp-client-id= idp-client-secret= idp-token= transport= protocol= allow-tool= ignore-tool= headers-timeout= body-timeout= request-timeout= drain-timeout= keep-alive ping-interval= max-message-size= record= debug silent log-file= h/help V/version
end

function __fish_mcpbridge_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_mcpbridge_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_mcpbridge_using_subcommand
    set -l cmd (__fish_mcpbridge_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l allow-tool -d 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l ignore-tool -d 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l headers-timeout -d 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l body-timeout -d 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l request-timeout -d 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l drain-timeout -d 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l ping-interval -d 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l keep-alive -d 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -s V -l version -d 'Print version'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "run" -d 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "login" -d 'Sign in to a server now, in the browser, and keep the credential for every editor'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "logout" -d 'Sign out: revoke the credential at the server where it can be, and forget it'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "status" -d 'Show who is signed in where, where the credential is kept, and when it is renewed'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "client-metadata" -d 'Print a client ID metadata document, to be published for --client-metadata-url'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "secret" -d 'Keep a secret under a name, so that flags can name it instead of having it'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "install" -d 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "uninstall" -d 'Take a server out of an editor, as if it had never been there'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "remove" -d 'Take a server\'s name and its flags out of the configuration'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "list" -d 'Show the servers that have a name, and the file that they stand in'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "trust" -d 'Let the .mcpbridge.toml of a project choose an account'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "tools" -d 'List the tools of a server'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "call" -d 'Call a tool of a server'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "prompts" -d 'List the prompts of a server, or print one'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "resources" -d 'List the resources of a server'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "read" -d 'Read a resource of a server'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "request" -d 'Send any request to a server, and print its result'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "listen" -d 'Print what a server tells of changes, until interrupted'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "replay" -d 'Answer an editor from the recording of a session (--record), without the server'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "adopt" -d 'Take over what editors run through mcp-remote and its like, with the sign-ins'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "demo" -d 'Try everything out: a sample server on this machine and a tour of a session with it'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "completions" -d 'Print the completion script of a shell'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "man" -d 'Print the manual page'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "helper" -d 'Sign in or renew for a relay; started by mcpbridge itself'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "add" -d 'Give a server a name, and keep the flags for it'
complete -c mcpbridge -n "__fish_mcpbridge_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l allow-tool -d 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l ignore-tool -d 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l headers-timeout -d 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l body-timeout -d 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l request-timeout -d 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l drain-timeout -d 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l ping-interval -d 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l keep-alive -d 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l api-key-header -d 'Keep an API key, read from the terminal or from stdin, and send it in this header' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l api-key-query -d 'Keep an API key, read from the terminal or from stdin, and send it in this parameter of the URL' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l force -d 'Sign in again, although there is a credential'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l cancel -d 'End a sign-in that is under way'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand login" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand logout" -l account -d 'The name of the account' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand logout" -l resource -d 'The resource indicator that was given at the sign-in' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand logout" -l all -d 'Sign out everywhere'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand logout" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand logout" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand status" -l account -d 'The name of the account' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand status" -l resource -d 'The resource indicator that was given at the sign-in' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand status" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand status" -l exit-zero -d 'Exit with 0 also when somebody has to sign in'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand status" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand client-metadata" -l host -d 'The host in the redirect URI, beside 127.0.0.1 and localhost' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand client-metadata" -l callback-path -d 'The path in the redirect URI' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand client-metadata" -l json -d 'Print the document within the JSON of a result'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand client-metadata" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and not __fish_seen_subcommand_from set remove help" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and not __fish_seen_subcommand_from set remove help" -f -a "set" -d 'Keep a secret, typed without an echo or piped to stdin'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and not __fish_seen_subcommand_from set remove help" -f -a "remove" -d 'Forget a secret'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and not __fish_seen_subcommand_from set remove help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from set" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from remove" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "set" -d 'Keep a secret, typed without an echo or piped to stdin'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Forget a secret'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l name -d 'The name of the server in the editor, instead of one made from the URL' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l client-key -d 'The private key of --client-cert, as PEM' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l connect-timeout -d 'How long to wait for a connection' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l account -d 'The name of the account, where one server is used with several' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l host -d 'The host in the redirect URI' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l callback-path -d 'The path in the redirect URI' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l auth-timeout -d 'How long an authorization server may take for one answer' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l sign-in-timeout -d 'How long a person may take to sign in' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l key-id -d 'What the authorization server calls that key (kid)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l idp-client-id -d 'The client that the identity provider knows' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l transport -d 'Which transport to try, and in which order' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l protocol -d 'Which era of the protocol the server speaks; auto finds out' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l allow-tool -d 'Show only tools that match this pattern (* and ?); may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l ignore-tool -d 'Hide tools that match this pattern (* and ?); may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l headers-timeout -d 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l body-timeout -d 'Answer a request with an error when its answer has been silent for this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l request-timeout -d 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l drain-timeout -d 'How long requests may still run after the end of the input (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l ping-interval -d 'How often --keep-alive pings' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l log-file -d 'Also write what is said to this file' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l project -d 'Write into the file of the project in this folder'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l dry-run -d 'Show what would change, and change nothing'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l print -d 'Print the entry, to be pasted'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l link -d 'Print a link that installs it in the editor'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l allow-http -d 'Allow plain http to a host other than this machine'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l ipv4 -d 'Use IPv4 only'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l insecure -d 'Take any certificate; only for a server on this machine'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l disable-cookies -d 'Do not keep the cookies that the server sets'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l use-id-token -d 'Send the id token instead of the access token'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l no-browser -d 'Open no browser; say the URL instead'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l interactive -d 'Ask a person where one is needed, although CI is set'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l keep-alive -d 'Ping the server regularly, for networks that drop idle connections'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -l silent -d 'Say nothing on stderr'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand install" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand uninstall" -l project -d 'Take it out of the file of the project in this folder'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand uninstall" -l dry-run -d 'Show what would change, and change nothing'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand uninstall" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand uninstall" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand remove" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand remove" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand list" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand list" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand trust" -l remove -d 'Take the trust back'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand trust" -l list -d 'Show the files that are trusted'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand trust" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand trust" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l schema -d 'Print what this tool takes and gives, as the JSON Schema of the server' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand tools" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -s o -l output -d 'Save images, sounds and other files of the result in this file, or in this folder' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand prompts" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand resources" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -s o -l output -d 'Save what is read in this file, or in this folder' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand read" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand request" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l uri -d 'Also tell when this resource changes; may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l client-key -d 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l connect-timeout -d 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l account -d 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l host -d 'The host in the redirect URI [env: MCPBRIDGE_HOST]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l callback-path -d 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l auth-timeout -d 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l sign-in-timeout -d 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l key-id -d 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l idp-client-id -d 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l transport -d 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l protocol -d 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l request-timeout -d 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l log-file -d 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l allow-http -d 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l ipv4 -d 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l insecure -d 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l disable-cookies -d 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l use-id-token -d 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l no-browser -d 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l interactive -d 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -l silent -d 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand replay" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand adopt" -l remote -d 'Take over entries with a URL as well, which the editor connects to by itself'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand adopt" -l dry-run -d 'Show what would change, and change nothing'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand adopt" -l undo -d 'Undo the last adoption: files and sign-ins go back to where they were'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand adopt" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand adopt" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand demo" -l port -d 'The port to serve on' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand demo" -l serve -d 'Only serve, until interrupted'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand demo" -l sign-in -d 'Demand a sign-in in the browser, as most remote servers do'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand demo" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand completions" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand man" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand helper" -l worker -d 'Whether this is the process that does the work'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand helper" -s h -l help -d 'Print help'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l header -d 'Add a header to every request to the server; ${VAR} is replaced from the environment' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l header-file -d 'Read headers from a file, one a line; lines that start with # are comments' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l header-from -d 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l token-command -d 'Send the bearer token that this command prints, and ask it again when the token expires or is refused' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l ca-cert -d 'Trust the certificate authorities in this PEM file too; may be given several times' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l client-cert -d 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l client-key -d 'The private key of --client-cert, as PEM' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l proxy -d 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l connect-timeout -d 'How long to wait for a connection' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l account -d 'The name of the account, where one server is used with several' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l resource -d 'The resource indicator to ask for, instead of the one that the server publishes' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l authorize-param -d 'Add a parameter to the authorization request; may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l static-oauth-client-metadata -d 'Members for the registration of the client: JSON, or @FILE' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l static-oauth-client-info -d 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l client-metadata-url -d 'The URL of a client ID metadata document that describes this client' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l host -d 'The host in the redirect URI' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l callback-path -d 'The path in the redirect URI' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l auth-success-url -d 'Where the browser goes after a sign-in, instead of a page of mcpbridge' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l auth-timeout -d 'How long an authorization server may take for one answer' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l sign-in-timeout -d 'How long a person may take to sign in' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l private-key -d 'The client\'s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l key-id -d 'What the authorization server calls that key (kid)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l signing-algorithm -d 'How that key signs: RS256, ES256 or EdDSA; without it the key decides' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l token-endpoint -d 'Ask for tokens here, without looking for what the server publishes' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l workload-token -d 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l idp -d 'Sign in at the identity provider of an organization, which lets its people into this server' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l idp-client-id -d 'The client that the identity provider knows' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l idp-client-secret -d 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l idp-token -d 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l transport -d 'Which transport to try, and in which order' -r -f -a "http-first\t'Streamable HTTP, then HTTP+SSE if the server does not speak it'
sse-first\t'HTTP+SSE, then Streamable HTTP if the server does not speak it'
http-only\t'Streamable HTTP only'
sse-only\t'HTTP+SSE (2024-11-05) only'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l protocol -d 'Which era of the protocol the server speaks; auto finds out' -r -f -a "auto\t'Find out'
legacy\t'2024-11-05 to 2025-11-25'
modern\t'2026-07-28'"
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l allow-tool -d 'Show only tools that match this pattern (* and ?); may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l ignore-tool -d 'Hide tools that match this pattern (* and ?); may be given several times' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l headers-timeout -d 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l body-timeout -d 'Answer a request with an error when its answer has been silent for this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l request-timeout -d 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l drain-timeout -d 'How long requests may still run after the end of the input (0: no limit)' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l ping-interval -d 'How often --keep-alive pings' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l max-message-size -d 'The largest message in either direction, in bytes or with K, M or G' -r
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l record -d 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l log-file -d 'Also write what is said to this file' -r -F
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l json -d 'Print the result as JSON'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l allow-http -d 'Allow plain http to a host other than this machine'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l ipv4 -d 'Use IPv4 only'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l insecure -d 'Take any certificate; only for a server on this machine'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l enable-proxy -d 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l disable-cookies -d 'Do not keep the cookies that the server sets'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l disable-resource-parameter -d 'Send no resource indicator, for authorization servers that refuse it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l use-id-token -d 'Send the id token instead of the access token'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l no-browser -d 'Open no browser; say the URL instead'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l device-code -d 'Sign in with a code, on any device that has a browser (device authorization)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l non-interactive -d 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l interactive -d 'Ask a person where one is needed, although CI is set'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l client-credentials -d 'Sign in as the client itself (client credentials); --static-oauth-client-info says which'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l keep-alive -d 'Ping the server regularly, for networks that drop idle connections'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l debug -d 'Say more on stderr: every message\'s method and id and every status, never a secret'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -l silent -d 'Say nothing on stderr'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand add" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "run" -d 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "login" -d 'Sign in to a server now, in the browser, and keep the credential for every editor'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "logout" -d 'Sign out: revoke the credential at the server where it can be, and forget it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "status" -d 'Show who is signed in where, where the credential is kept, and when it is renewed'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "client-metadata" -d 'Print a client ID metadata document, to be published for --client-metadata-url'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "secret" -d 'Keep a secret under a name, so that flags can name it instead of having it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "install" -d 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "uninstall" -d 'Take a server out of an editor, as if it had never been there'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "remove" -d 'Take a server\'s name and its flags out of the configuration'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "list" -d 'Show the servers that have a name, and the file that they stand in'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "trust" -d 'Let the .mcpbridge.toml of a project choose an account'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "tools" -d 'List the tools of a server'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "call" -d 'Call a tool of a server'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "prompts" -d 'List the prompts of a server, or print one'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "resources" -d 'List the resources of a server'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "read" -d 'Read a resource of a server'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "request" -d 'Send any request to a server, and print its result'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "listen" -d 'Print what a server tells of changes, until interrupted'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "replay" -d 'Answer an editor from the recording of a session (--record), without the server'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "adopt" -d 'Take over what editors run through mcp-remote and its like, with the sign-ins'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "demo" -d 'Try everything out: a sample server on this machine and a tour of a session with it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "man" -d 'Print the manual page'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "helper" -d 'Sign in or renew for a relay; started by mcpbridge itself'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "add" -d 'Give a server a name, and keep the flags for it'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and not __fish_seen_subcommand_from run login logout status client-metadata secret install uninstall remove list trust tools call prompts resources read request listen replay adopt demo completions man helper add help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "set" -d 'Keep a secret, typed without an echo or piped to stdin'
complete -c mcpbridge -n "__fish_mcpbridge_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "remove" -d 'Forget a secret'
