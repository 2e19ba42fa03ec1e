
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'mcpbridge' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'mcpbridge'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'mcpbridge' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a server now, in the browser, and keep the credential for every editor')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out: revoke the credential at the server where it can be, and forget it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in where, where the credential is kept, and when it is renewed')
            [CompletionResult]::new('client-metadata', 'client-metadata', [CompletionResultType]::ParameterValue, 'Print a client ID metadata document, to be published for --client-metadata-url')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Keep a secret under a name, so that flags can name it instead of having it')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take a server out of an editor, as if it had never been there')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a server''s name and its flags out of the configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show the servers that have a name, and the file that they stand in')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let the .mcpbridge.toml of a project choose an account')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server')
            [CompletionResult]::new('prompts', 'prompts', [CompletionResultType]::ParameterValue, 'List the prompts of a server, or print one')
            [CompletionResult]::new('resources', 'resources', [CompletionResultType]::ParameterValue, 'List the resources of a server')
            [CompletionResult]::new('read', 'read', [CompletionResultType]::ParameterValue, 'Read a resource of a server')
            [CompletionResult]::new('request', 'request', [CompletionResultType]::ParameterValue, 'Send any request to a server, and print its result')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Print what a server tells of changes, until interrupted')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Answer an editor from the recording of a session (--record), without the server')
            [CompletionResult]::new('adopt', 'adopt', [CompletionResultType]::ParameterValue, 'Take over what editors run through mcp-remote and its like, with the sign-ins')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try everything out: a sample server on this machine and a tour of a session with it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('helper', 'helper', [CompletionResultType]::ParameterValue, 'Sign in or renew for a relay; started by mcpbridge itself')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Give a server a name, and keep the flags for it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mcpbridge;run' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;login' {
            [CompletionResult]::new('--api-key-header', '--api-key-header', [CompletionResultType]::ParameterName, 'Keep an API key, read from the terminal or from stdin, and send it in this header')
            [CompletionResult]::new('--api-key-query', '--api-key-query', [CompletionResultType]::ParameterName, 'Keep an API key, read from the terminal or from stdin, and send it in this parameter of the URL')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Sign in again, although there is a credential')
            [CompletionResult]::new('--cancel', '--cancel', [CompletionResultType]::ParameterName, 'End a sign-in that is under way')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;logout' {
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator that was given at the sign-in')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Sign out everywhere')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;status' {
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator that was given at the sign-in')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--exit-zero', '--exit-zero', [CompletionResultType]::ParameterName, 'Exit with 0 also when somebody has to sign in')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;client-metadata' {
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI, beside 127.0.0.1 and localhost')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the document within the JSON of a result')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;secret' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep a secret, typed without an echo or piped to stdin')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a secret')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mcpbridge;secret;set' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;secret;remove' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;secret;help' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep a secret, typed without an echo or piped to stdin')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a secret')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mcpbridge;secret;help;set' {
            break
        }
        'mcpbridge;secret;help;remove' {
            break
        }
        'mcpbridge;secret;help;help' {
            break
        }
        'mcpbridge;install' {
            [CompletionResult]::new('--name', '--name', [CompletionResultType]::ParameterName, 'The name of the server in the editor, instead of one made from the URL')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid)')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit)')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit)')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Write into the file of the project in this folder')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the entry, to be pasted')
            [CompletionResult]::new('--link', '--link', [CompletionResultType]::ParameterName, 'Print a link that installs it in the editor')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization)')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;uninstall' {
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Take it out of the file of the project in this folder')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;remove' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;list' {
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;trust' {
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Take the trust back')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'Show the files that are trusted')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;tools' {
            [CompletionResult]::new('--schema', '--schema', [CompletionResultType]::ParameterName, 'Print what this tool takes and gives, as the JSON Schema of the server')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;call' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Save images, sounds and other files of the result in this file, or in this folder')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Save images, sounds and other files of the result in this file, or in this folder')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;prompts' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;resources' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;read' {
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'Save what is read in this file, or in this folder')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Save what is read in this file, or in this folder')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;request' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;listen' {
            [CompletionResult]::new('--uri', '--uri', [CompletionResultType]::ParameterName, 'Also tell when this resource changes; may be given several times')
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI [env: MCPBRIDGE_HOST]')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Give a request up, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out [env: MCPBRIDGE_RECORD]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization) [env: MCPBRIDGE_DEVICE_CODE]')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;replay' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;adopt' {
            [CompletionResult]::new('--remote', '--remote', [CompletionResultType]::ParameterName, 'Take over entries with a URL as well, which the editor connects to by itself')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--undo', '--undo', [CompletionResultType]::ParameterName, 'Undo the last adoption: files and sign-ins go back to where they were')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;demo' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to serve on')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Only serve, until interrupted')
            [CompletionResult]::new('--sign-in', '--sign-in', [CompletionResultType]::ParameterName, 'Demand a sign-in in the browser, as most remote servers do')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;man' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;helper' {
            [CompletionResult]::new('--worker', '--worker', [CompletionResultType]::ParameterName, 'Whether this is the process that does the work')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'mcpbridge;add' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments')
            [CompletionResult]::new('--header-from', '--header-from', [CompletionResultType]::ParameterName, 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times')
            [CompletionResult]::new('--token-command', '--token-command', [CompletionResultType]::ParameterName, 'Send the bearer token that this command prints, and ask it again when the token expires or is refused')
            [CompletionResult]::new('--ca-cert', '--ca-cert', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file too; may be given several times')
            [CompletionResult]::new('--client-cert', '--client-cert', [CompletionResultType]::ParameterName, 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file')
            [CompletionResult]::new('--client-key', '--client-key', [CompletionResultType]::ParameterName, 'The private key of --client-cert, as PEM')
            [CompletionResult]::new('--proxy', '--proxy', [CompletionResultType]::ParameterName, 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection')
            [CompletionResult]::new('--account', '--account', [CompletionResultType]::ParameterName, 'The name of the account, where one server is used with several')
            [CompletionResult]::new('--resource', '--resource', [CompletionResultType]::ParameterName, 'The resource indicator to ask for, instead of the one that the server publishes')
            [CompletionResult]::new('--authorize-param', '--authorize-param', [CompletionResultType]::ParameterName, 'Add a parameter to the authorization request; may be given several times')
            [CompletionResult]::new('--static-oauth-client-metadata', '--static-oauth-client-metadata', [CompletionResultType]::ParameterName, 'Members for the registration of the client: JSON, or @FILE')
            [CompletionResult]::new('--static-oauth-client-info', '--static-oauth-client-info', [CompletionResultType]::ParameterName, 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced')
            [CompletionResult]::new('--client-metadata-url', '--client-metadata-url', [CompletionResultType]::ParameterName, 'The URL of a client ID metadata document that describes this client')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'The host in the redirect URI')
            [CompletionResult]::new('--callback-path', '--callback-path', [CompletionResultType]::ParameterName, 'The path in the redirect URI')
            [CompletionResult]::new('--auth-success-url', '--auth-success-url', [CompletionResultType]::ParameterName, 'Where the browser goes after a sign-in, instead of a page of mcpbridge')
            [CompletionResult]::new('--auth-timeout', '--auth-timeout', [CompletionResultType]::ParameterName, 'How long an authorization server may take for one answer')
            [CompletionResult]::new('--sign-in-timeout', '--sign-in-timeout', [CompletionResultType]::ParameterName, 'How long a person may take to sign in')
            [CompletionResult]::new('--private-key', '--private-key', [CompletionResultType]::ParameterName, 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK')
            [CompletionResult]::new('--key-id', '--key-id', [CompletionResultType]::ParameterName, 'What the authorization server calls that key (kid)')
            [CompletionResult]::new('--signing-algorithm', '--signing-algorithm', [CompletionResultType]::ParameterName, 'How that key signs: RS256, ES256 or EdDSA; without it the key decides')
            [CompletionResult]::new('--token-endpoint', '--token-endpoint', [CompletionResultType]::ParameterName, 'Ask for tokens here, without looking for what the server publishes')
            [CompletionResult]::new('--workload-token', '--workload-token', [CompletionResultType]::ParameterName, 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND')
            [CompletionResult]::new('--idp', '--idp', [CompletionResultType]::ParameterName, 'Sign in at the identity provider of an organization, which lets its people into this server')
            [CompletionResult]::new('--idp-client-id', '--idp-client-id', [CompletionResultType]::ParameterName, 'The client that the identity provider knows')
            [CompletionResult]::new('--idp-client-secret', '--idp-client-secret', [CompletionResultType]::ParameterName, 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND')
            [CompletionResult]::new('--idp-token', '--idp-token', [CompletionResultType]::ParameterName, 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit)')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit)')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write the session into this new file, or into a file of its own in this folder, for mcpbridge replay; secrets are left out')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as JSON')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only')
            [CompletionResult]::new('--insecure', '--insecure', [CompletionResultType]::ParameterName, 'Take any certificate; only for a server on this machine')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets')
            [CompletionResult]::new('--disable-resource-parameter', '--disable-resource-parameter', [CompletionResultType]::ParameterName, 'Send no resource indicator, for authorization servers that refuse it')
            [CompletionResult]::new('--use-id-token', '--use-id-token', [CompletionResultType]::ParameterName, 'Send the id token instead of the access token')
            [CompletionResult]::new('--no-browser', '--no-browser', [CompletionResultType]::ParameterName, 'Open no browser; say the URL instead')
            [CompletionResult]::new('--device-code', '--device-code', [CompletionResultType]::ParameterName, 'Sign in with a code, on any device that has a browser (device authorization)')
            [CompletionResult]::new('--non-interactive', '--non-interactive', [CompletionResultType]::ParameterName, 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)')
            [CompletionResult]::new('--interactive', '--interactive', [CompletionResultType]::ParameterName, 'Ask a person where one is needed, although CI is set')
            [CompletionResult]::new('--client-credentials', '--client-credentials', [CompletionResultType]::ParameterName, 'Sign in as the client itself (client credentials); --static-oauth-client-info says which')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;help' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`')
            [CompletionResult]::new('login', 'login', [CompletionResultType]::ParameterValue, 'Sign in to a server now, in the browser, and keep the credential for every editor')
            [CompletionResult]::new('logout', 'logout', [CompletionResultType]::ParameterValue, 'Sign out: revoke the credential at the server where it can be, and forget it')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show who is signed in where, where the credential is kept, and when it is renewed')
            [CompletionResult]::new('client-metadata', 'client-metadata', [CompletionResultType]::ParameterValue, 'Print a client ID metadata document, to be published for --client-metadata-url')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Keep a secret under a name, so that flags can name it instead of having it')
            [CompletionResult]::new('install', 'install', [CompletionResultType]::ParameterValue, 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others')
            [CompletionResult]::new('uninstall', 'uninstall', [CompletionResultType]::ParameterValue, 'Take a server out of an editor, as if it had never been there')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take a server''s name and its flags out of the configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'Show the servers that have a name, and the file that they stand in')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Let the .mcpbridge.toml of a project choose an account')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server')
            [CompletionResult]::new('prompts', 'prompts', [CompletionResultType]::ParameterValue, 'List the prompts of a server, or print one')
            [CompletionResult]::new('resources', 'resources', [CompletionResultType]::ParameterValue, 'List the resources of a server')
            [CompletionResult]::new('read', 'read', [CompletionResultType]::ParameterValue, 'Read a resource of a server')
            [CompletionResult]::new('request', 'request', [CompletionResultType]::ParameterValue, 'Send any request to a server, and print its result')
            [CompletionResult]::new('listen', 'listen', [CompletionResultType]::ParameterValue, 'Print what a server tells of changes, until interrupted')
            [CompletionResult]::new('replay', 'replay', [CompletionResultType]::ParameterValue, 'Answer an editor from the recording of a session (--record), without the server')
            [CompletionResult]::new('adopt', 'adopt', [CompletionResultType]::ParameterValue, 'Take over what editors run through mcp-remote and its like, with the sign-ins')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try everything out: a sample server on this machine and a tour of a session with it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('helper', 'helper', [CompletionResultType]::ParameterValue, 'Sign in or renew for a relay; started by mcpbridge itself')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Give a server a name, and keep the flags for it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mcpbridge;help;run' {
            break
        }
        'mcpbridge;help;login' {
            break
        }
        'mcpbridge;help;logout' {
            break
        }
        'mcpbridge;help;status' {
            break
        }
        'mcpbridge;help;client-metadata' {
            break
        }
        'mcpbridge;help;secret' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Keep a secret, typed without an echo or piped to stdin')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Forget a secret')
            break
        }
        'mcpbridge;help;secret;set' {
            break
        }
        'mcpbridge;help;secret;remove' {
            break
        }
        'mcpbridge;help;install' {
            break
        }
        'mcpbridge;help;uninstall' {
            break
        }
        'mcpbridge;help;remove' {
            break
        }
        'mcpbridge;help;list' {
            break
        }
        'mcpbridge;help;trust' {
            break
        }
        'mcpbridge;help;tools' {
            break
        }
        'mcpbridge;help;call' {
            break
        }
        'mcpbridge;help;prompts' {
            break
        }
        'mcpbridge;help;resources' {
            break
        }
        'mcpbridge;help;read' {
            break
        }
        'mcpbridge;help;request' {
            break
        }
        'mcpbridge;help;listen' {
            break
        }
        'mcpbridge;help;replay' {
            break
        }
        'mcpbridge;help;adopt' {
            break
        }
        'mcpbridge;help;demo' {
            break
        }
        'mcpbridge;help;completions' {
            break
        }
        'mcpbridge;help;man' {
            break
        }
        'mcpbridge;help;helper' {
            break
        }
        'mcpbridge;help;add' {
            break
        }
        'mcpbridge;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
