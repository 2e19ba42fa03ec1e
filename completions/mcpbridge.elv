
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
            cand --transport 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]'
            cand --connect-timeout 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]'
            cand --ping-interval 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]'
            cand --log-file 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]'
            cand --allow-http 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
            cand --ipv4 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
            cand --disable-cookies 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
            cand --silent 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand demo 'Try everything out: a sample server on this machine and a tour of a session with it'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand run 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;demo'= {
            cand --port 'The port to serve on'
            cand --serve 'Only serve, until interrupted'
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
        &'mcpbridge;run'= {
            cand --header 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]'
            cand --header-file 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]'
            cand --transport 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]'
            cand --protocol 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]'
            cand --allow-tool 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]'
            cand --ignore-tool 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]'
            cand --connect-timeout 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]'
            cand --headers-timeout 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]'
            cand --body-timeout 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]'
            cand --request-timeout 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]'
            cand --drain-timeout 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]'
            cand --ping-interval 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]'
            cand --max-message-size 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]'
            cand --log-file 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]'
            cand --allow-http 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]'
            cand --ipv4 'Use IPv4 only [env: MCPBRIDGE_IPV4]'
            cand --enable-proxy 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]'
            cand --disable-cookies 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]'
            cand --keep-alive 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]'
            cand --debug 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]'
            cand --silent 'Say nothing on stderr [env: MCPBRIDGE_SILENT]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'mcpbridge;help'= {
            cand demo 'Try everything out: a sample server on this machine and a tour of a session with it'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page'
            cand run 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'mcpbridge;help;demo'= {
        }
        &'mcpbridge;help;completions'= {
        }
        &'mcpbridge;help;man'= {
        }
        &'mcpbridge;help;run'= {
        }
        &'mcpbridge;help;help'= {
        }
    ]
    $completions[$command]
}
