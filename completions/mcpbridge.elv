
use builtin;
use str;

set edit:completion:arg-completer[mcpbridge] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'mcpbridge'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'mcpbridge'= {
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]'
            cand --header-from 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]'
            cand --token-command 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]'
            cand --ca-cert 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]'
            cand --client-cert 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]'
            cand --client-key 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]'
            cand --proxy 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]'
            cand --connect-timeout 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]'
            cand --account 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]'
            cand --resource 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]'
            cand --authorize-param 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]'
            cand --static-oauth-client-metadata 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]'
            cand --static-oauth-client-info 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]'
            cand --client-metadata-url 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]'
            cand --host 'The host in the redirect URI [env: MCPBRIDGE_HOST]'
            cand --callback-path 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]'
            cand --auth-success-url 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]'
            cand --auth-timeout 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]'
            cand --sign-in-timeout 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]'
            cand --private-key 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]'
            cand --key-id 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]'
            cand --signing-algorithm 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]'
            cand --token-endpoint 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]'
            cand --workload-token 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]'
            cand --idp 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]'
            cand --idp-client-id 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]'
            cand --idp-client-secret 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]'
            cand --idp-token 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]'
            cand --transport 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]'
            cand --ping-interval 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]'
            cand --log-file 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]'
            cand --allow-http 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
            cand --ipv4 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
            cand --insecure 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
            cand --disable-cookies 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
            cand --disable-resource-parameter 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
            cand --use-id-token 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
            cand --no-browser 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
            cand --non-interactive 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
            cand --interactive 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
            cand --client-credentials 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
            cand --silent 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand logout 'Sign out: revoke the credential at the server where it can be, and forget it'
            cand status 'Show who is signed in where, where the credential is kept, and when it is renewed'
            cand secret 'Keep a secret under a name, so that flags can name it instead of having it'
            cand install 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others'
            cand uninstall 'Take a server out of an editor, as if it had never been there'
            cand remove 'Take a server''s name and its flags out of the configuration'
            cand list 'Show the servers that have a name, and the file that they stand in'
            cand trust 'Let the .mcpbridge.toml of a project choose an account'
            cand demo 'Try everything out: a sample server on this machine and a tour of a session with it'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand helper 'Sign in or renew for a relay; started by mcpbridge itself'
            cand run 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
            cand login 'Sign in to a server now, in the browser, and keep the credential for every editor'
            cand add 'Give a server a name, and keep the flags for it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;logout'= {
            cand --account 'The name of the account'
            cand --resource 'The resource indicator that was given at the sign-in'
            cand --all 'Sign out everywhere'
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;status'= {
            cand --account 'The name of the account'
            cand --resource 'The resource indicator that was given at the sign-in'
            cand --json 'Print the result as JSON'
            cand --exit-zero 'Exit with 0 also when somebody has to sign in'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;secret'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand set 'Keep a secret, typed without an echo or piped to stdin'
            cand remove 'Forget a secret'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;secret;set'= {
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;secret;remove'= {
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;secret;help'= {
            cand set 'Keep a secret, typed without an echo or piped to stdin'
            cand remove 'Forget a secret'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;secret;help;set'= {
        }
        &'mcpbridge;secret;help;remove'= {
        }
        &'mcpbridge;secret;help;help'= {
        }
        &'mcpbridge;install'= {
            cand --name 'The name of the server in the editor, instead of one made from the URL'
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments'
            cand --header-from 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times'
            cand --token-command 'Send the bearer token that this command prints, and ask it again when the token expires or is refused'
            cand --ca-cert 'Trust the certificate authorities in this PEM file too; may be given several times'
            cand --client-cert 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file'
            cand --client-key 'The private key of --client-cert, as PEM'
            cand --proxy 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine'
            cand --connect-timeout 'How long to wait for a connection'
            cand --account 'The name of the account, where one server is used with several'
            cand --resource 'The resource indicator to ask for, instead of the one that the server publishes'
            cand --authorize-param 'Add a parameter to the authorization request; may be given several times'
            cand --static-oauth-client-metadata 'Members for the registration of the client: JSON, or @FILE'
            cand --static-oauth-client-info 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced'
            cand --client-metadata-url 'The URL of a client ID metadata document that describes this client'
            cand --host 'The host in the redirect URI'
            cand --callback-path 'The path in the redirect URI'
            cand --auth-success-url 'Where the browser goes after a sign-in, instead of a page of mcpbridge'
            cand --auth-timeout 'How long an authorization server may take for one answer'
            cand --sign-in-timeout 'How long a person may take to sign in'
            cand --private-key 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK'
            cand --key-id 'What the authorization server calls that key (kid)'
            cand --signing-algorithm 'How that key signs: RS256, ES256 or EdDSA; without it the key decides'
            cand --token-endpoint 'Ask for tokens here, without looking for what the server publishes'
            cand --workload-token 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND'
            cand --idp 'Sign in at the identity provider of an organization, which lets its people into this server'
            cand --idp-client-id 'The client that the identity provider knows'
            cand --idp-client-secret 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND'
            cand --idp-token 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then'
            cand --transport 'Which transport to try, and in which order'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit)'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit)'
            cand --ping-interval 'How often --keep-alive pings'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G'
            cand --log-file 'Also write what is said to this file'
            cand --project 'Write into the file of the project in this folder'
            cand --dry-run 'Show what would change, and change nothing'
            cand --print 'Print the entry, to be pasted'
            cand --link 'Print a link that installs it in the editor'
            cand --json 'Print the result as JSON'
            cand --allow-http 'Allow plain http to a host other than this machine'
            cand --ipv4 'Use IPv4 only'
            cand --insecure 'Take any certificate; only for a server on this machine'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback'
            cand --disable-cookies 'Do not keep the cookies that the server sets'
            cand --disable-resource-parameter 'Send no resource indicator, for authorization servers that refuse it'
            cand --use-id-token 'Send the id token instead of the access token'
            cand --no-browser 'Open no browser; say the URL instead'
            cand --non-interactive 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)'
            cand --interactive 'Ask a person where one is needed, although CI is set'
            cand --client-credentials 'Sign in as the client itself (client credentials); --static-oauth-client-info says which'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret'
            cand --silent 'Say nothing on stderr'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;uninstall'= {
            cand --project 'Take it out of the file of the project in this folder'
            cand --dry-run 'Show what would change, and change nothing'
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;remove'= {
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;list'= {
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;trust'= {
            cand --remove 'Take the trust back'
            cand --list 'Show the files that are trusted'
            cand --json 'Print the result as JSON'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;demo'= {
            cand --port 'The port to serve on'
            cand --serve 'Only serve, until interrupted'
            cand --sign-in 'Demand a sign-in in the browser, as most remote servers do'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;man'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;helper'= {
            cand --worker 'Whether this is the process that does the work'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;run'= {
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]'
            cand --header-from 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]'
            cand --token-command 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]'
            cand --ca-cert 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]'
            cand --client-cert 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]'
            cand --client-key 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]'
            cand --proxy 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]'
            cand --connect-timeout 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]'
            cand --account 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]'
            cand --resource 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]'
            cand --authorize-param 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]'
            cand --static-oauth-client-metadata 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]'
            cand --static-oauth-client-info 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]'
            cand --client-metadata-url 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]'
            cand --host 'The host in the redirect URI [env: MCPBRIDGE_HOST]'
            cand --callback-path 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]'
            cand --auth-success-url 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]'
            cand --auth-timeout 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]'
            cand --sign-in-timeout 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]'
            cand --private-key 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]'
            cand --key-id 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]'
            cand --signing-algorithm 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]'
            cand --token-endpoint 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]'
            cand --workload-token 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]'
            cand --idp 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]'
            cand --idp-client-id 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]'
            cand --idp-client-secret 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]'
            cand --idp-token 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]'
            cand --transport 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]'
            cand --ping-interval 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]'
            cand --log-file 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]'
            cand --allow-http 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
            cand --ipv4 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
            cand --insecure 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
            cand --disable-cookies 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
            cand --disable-resource-parameter 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
            cand --use-id-token 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
            cand --no-browser 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
            cand --non-interactive 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
            cand --interactive 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
            cand --client-credentials 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
            cand --silent 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'mcpbridge;login'= {
            cand --api-key-header 'Keep an API key, read from the terminal or from stdin, and send it in this header'
            cand --api-key-query 'Keep an API key, read from the terminal or from stdin, and send it in this parameter of the URL'
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]'
            cand --header-from 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times [env: MCPBRIDGE_HEADER_FROM]'
            cand --token-command 'Send the bearer token that this command prints, and ask it again when the token expires or is refused [env: MCPBRIDGE_TOKEN_COMMAND]'
            cand --ca-cert 'Trust the certificate authorities in this PEM file too; may be given several times [env: MCPBRIDGE_CA_CERT]'
            cand --client-cert 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file [env: MCPBRIDGE_CLIENT_CERT]'
            cand --client-key 'The private key of --client-cert, as PEM [env: MCPBRIDGE_CLIENT_KEY]'
            cand --proxy 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine [env: MCPBRIDGE_PROXY]'
            cand --connect-timeout 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]'
            cand --account 'The name of the account, where one server is used with several [env: MCPBRIDGE_ACCOUNT]'
            cand --resource 'The resource indicator to ask for, instead of the one that the server publishes [env: MCPBRIDGE_RESOURCE]'
            cand --authorize-param 'Add a parameter to the authorization request; may be given several times [env: MCPBRIDGE_AUTHORIZE_PARAM]'
            cand --static-oauth-client-metadata 'Members for the registration of the client: JSON, or @FILE [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_METADATA]'
            cand --static-oauth-client-info 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced [env: MCPBRIDGE_STATIC_OAUTH_CLIENT_INFO]'
            cand --client-metadata-url 'The URL of a client ID metadata document that describes this client [env: MCPBRIDGE_CLIENT_METADATA_URL]'
            cand --host 'The host in the redirect URI [env: MCPBRIDGE_HOST]'
            cand --callback-path 'The path in the redirect URI [env: MCPBRIDGE_CALLBACK_PATH]'
            cand --auth-success-url 'Where the browser goes after a sign-in, instead of a page of mcpbridge [env: MCPBRIDGE_AUTH_SUCCESS_URL]'
            cand --auth-timeout 'How long an authorization server may take for one answer [env: MCPBRIDGE_AUTH_TIMEOUT]'
            cand --sign-in-timeout 'How long a person may take to sign in [env: MCPBRIDGE_SIGN_IN_TIMEOUT]'
            cand --private-key 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK [env: MCPBRIDGE_PRIVATE_KEY]'
            cand --key-id 'What the authorization server calls that key (kid) [env: MCPBRIDGE_KEY_ID]'
            cand --signing-algorithm 'How that key signs: RS256, ES256 or EdDSA; without it the key decides [env: MCPBRIDGE_SIGNING_ALGORITHM]'
            cand --token-endpoint 'Ask for tokens here, without looking for what the server publishes [env: MCPBRIDGE_TOKEN_ENDPOINT]'
            cand --workload-token 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_WORKLOAD_TOKEN]'
            cand --idp 'Sign in at the identity provider of an organization, which lets its people into this server [env: MCPBRIDGE_IDP]'
            cand --idp-client-id 'The client that the identity provider knows [env: MCPBRIDGE_IDP_CLIENT_ID]'
            cand --idp-client-secret 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND [env: MCPBRIDGE_IDP_CLIENT_SECRET]'
            cand --idp-token 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then [env: MCPBRIDGE_IDP_TOKEN]'
            cand --log-file 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]'
            cand --force 'Sign in again, although there is a credential'
            cand --cancel 'End a sign-in that is under way'
            cand --json 'Print the result as JSON'
            cand --allow-http 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
            cand --ipv4 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
            cand --insecure 'Take any certificate; only for a server on this machine [env: MCPBRIDGE_INSECURE]'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
            cand --disable-cookies 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
            cand --disable-resource-parameter 'Send no resource indicator, for authorization servers that refuse it [env: MCPBRIDGE_DISABLE_RESOURCE_PARAMETER]'
            cand --use-id-token 'Send the id token instead of the access token [env: MCPBRIDGE_USE_ID_TOKEN]'
            cand --no-browser 'Open no browser; say the URL instead [env: MCPBRIDGE_NO_BROWSER]'
            cand --non-interactive 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty) [env: MCPBRIDGE_NON_INTERACTIVE]'
            cand --interactive 'Ask a person where one is needed, although CI is set [env: MCPBRIDGE_INTERACTIVE]'
            cand --client-credentials 'Sign in as the client itself (client credentials); --static-oauth-client-info says which [env: MCPBRIDGE_CLIENT_CREDENTIALS]'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
            cand --silent 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'mcpbridge;add'= {
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments'
            cand --header-from 'Add a header whose value is read from env:VAR, file:PATH, keychain:NAME or cmd:COMMAND; may be given several times'
            cand --token-command 'Send the bearer token that this command prints, and ask it again when the token expires or is refused'
            cand --ca-cert 'Trust the certificate authorities in this PEM file too; may be given several times'
            cand --client-cert 'The certificate to show to a server that asks for one, as PEM; the key may be in the same file'
            cand --client-key 'The private key of --client-cert, as PEM'
            cand --proxy 'The proxy to use, instead of those in the environment: http://, https://, socks5:// or socks5h://; ${VAR} is replaced; never for this machine'
            cand --connect-timeout 'How long to wait for a connection'
            cand --account 'The name of the account, where one server is used with several'
            cand --resource 'The resource indicator to ask for, instead of the one that the server publishes'
            cand --authorize-param 'Add a parameter to the authorization request; may be given several times'
            cand --static-oauth-client-metadata 'Members for the registration of the client: JSON, or @FILE'
            cand --static-oauth-client-info 'A client that is registered already: JSON with client_id and perhaps client_secret, or @FILE; ${VAR} is replaced'
            cand --client-metadata-url 'The URL of a client ID metadata document that describes this client'
            cand --host 'The host in the redirect URI'
            cand --callback-path 'The path in the redirect URI'
            cand --auth-success-url 'Where the browser goes after a sign-in, instead of a page of mcpbridge'
            cand --auth-timeout 'How long an authorization server may take for one answer'
            cand --sign-in-timeout 'How long a person may take to sign in'
            cand --private-key 'The client''s key, in place of a secret: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND with PEM or a JWK'
            cand --key-id 'What the authorization server calls that key (kid)'
            cand --signing-algorithm 'How that key signs: RS256, ES256 or EdDSA; without it the key decides'
            cand --token-endpoint 'Ask for tokens here, without looking for what the server publishes'
            cand --workload-token 'Sign in with the token of a workload (a JWT), from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND'
            cand --idp 'Sign in at the identity provider of an organization, which lets its people into this server'
            cand --idp-client-id 'The client that the identity provider knows'
            cand --idp-client-secret 'The secret of that client, if it has one: file:PATH, env:NAME, keychain:NAME or cmd:COMMAND'
            cand --idp-token 'An id token of the identity provider from file:PATH, env:NAME, keychain:NAME or cmd:COMMAND; nobody signs in then'
            cand --transport 'Which transport to try, and in which order'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit)'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit)'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit)'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit)'
            cand --ping-interval 'How often --keep-alive pings'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G'
            cand --log-file 'Also write what is said to this file'
            cand --json 'Print the result as JSON'
            cand --allow-http 'Allow plain http to a host other than this machine'
            cand --ipv4 'Use IPv4 only'
            cand --insecure 'Take any certificate; only for a server on this machine'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback'
            cand --disable-cookies 'Do not keep the cookies that the server sets'
            cand --disable-resource-parameter 'Send no resource indicator, for authorization servers that refuse it'
            cand --use-id-token 'Send the id token instead of the access token'
            cand --no-browser 'Open no browser; say the URL instead'
            cand --non-interactive 'Ask nobody: fail where a person is needed, with the command to run (as with a variable CI that is not empty)'
            cand --interactive 'Ask a person where one is needed, although CI is set'
            cand --client-credentials 'Sign in as the client itself (client credentials); --static-oauth-client-info says which'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret'
            cand --silent 'Say nothing on stderr'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'mcpbridge;help'= {
            cand logout 'Sign out: revoke the credential at the server where it can be, and forget it'
            cand status 'Show who is signed in where, where the credential is kept, and when it is renewed'
            cand secret 'Keep a secret under a name, so that flags can name it instead of having it'
            cand install 'Put a server into an editor: Cursor, VS Code, Zed, Claude, Codex and others'
            cand uninstall 'Take a server out of an editor, as if it had never been there'
            cand remove 'Take a server''s name and its flags out of the configuration'
            cand list 'Show the servers that have a name, and the file that they stand in'
            cand trust 'Let the .mcpbridge.toml of a project choose an account'
            cand demo 'Try everything out: a sample server on this machine and a tour of a session with it'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand helper 'Sign in or renew for a relay; started by mcpbridge itself'
            cand run 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
            cand login 'Sign in to a server now, in the browser, and keep the credential for every editor'
            cand add 'Give a server a name, and keep the flags for it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;help;logout'= {
        }
        &'mcpbridge;help;status'= {
        }
        &'mcpbridge;help;secret'= {
            cand set 'Keep a secret, typed without an echo or piped to stdin'
            cand remove 'Forget a secret'
        }
        &'mcpbridge;help;secret;set'= {
        }
        &'mcpbridge;help;secret;remove'= {
        }
        &'mcpbridge;help;install'= {
        }
        &'mcpbridge;help;uninstall'= {
        }
        &'mcpbridge;help;remove'= {
        }
        &'mcpbridge;help;list'= {
        }
        &'mcpbridge;help;trust'= {
        }
        &'mcpbridge;help;demo'= {
        }
        &'mcpbridge;help;completions'= {
        }
        &'mcpbridge;help;man'= {
        }
        &'mcpbridge;help;helper'= {
        }
        &'mcpbridge;help;run'= {
        }
        &'mcpbridge;help;login'= {
        }
        &'mcpbridge;help;add'= {
        }
        &'mcpbridge;help;help'= {
        }
    ]
    $completions[$command]
}
