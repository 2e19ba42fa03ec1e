
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
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try everything out: a sample server on this machine and a tour of a session with it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'mcpbridge;demo' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port to serve on')
            [CompletionResult]::new('--serve', '--serve', [CompletionResultType]::ParameterName, 'Only serve, until interrupted')
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
        'mcpbridge;run' {
            [CompletionResult]::new('--header', '--header', [CompletionResultType]::ParameterName, 'Add a header to every request to the server; ${VAR} is replaced from the environment [env: MCPBRIDGE_HEADER]')
            [CompletionResult]::new('--header-file', '--header-file', [CompletionResultType]::ParameterName, 'Read headers from a file, one a line; lines that start with # are comments [env: MCPBRIDGE_HEADER_FILE]')
            [CompletionResult]::new('--transport', '--transport', [CompletionResultType]::ParameterName, 'Which transport to try, and in which order [env: MCPBRIDGE_TRANSPORT]')
            [CompletionResult]::new('--protocol', '--protocol', [CompletionResultType]::ParameterName, 'Which era of the protocol the server speaks; auto finds out [env: MCPBRIDGE_PROTOCOL]')
            [CompletionResult]::new('--allow-tool', '--allow-tool', [CompletionResultType]::ParameterName, 'Show only tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_ALLOW_TOOL]')
            [CompletionResult]::new('--ignore-tool', '--ignore-tool', [CompletionResultType]::ParameterName, 'Hide tools that match this pattern (* and ?); may be given several times [env: MCPBRIDGE_IGNORE_TOOL]')
            [CompletionResult]::new('--connect-timeout', '--connect-timeout', [CompletionResultType]::ParameterName, 'How long to wait for a connection [env: MCPBRIDGE_CONNECT_TIMEOUT]')
            [CompletionResult]::new('--headers-timeout', '--headers-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when the server has not begun to answer after this long (0: no limit) [env: MCPBRIDGE_HEADERS_TIMEOUT]')
            [CompletionResult]::new('--body-timeout', '--body-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error when its answer has been silent for this long (0: no limit) [env: MCPBRIDGE_BODY_TIMEOUT]')
            [CompletionResult]::new('--request-timeout', '--request-timeout', [CompletionResultType]::ParameterName, 'Answer a request with an error, and cancel it, when it has taken this long (0: no limit) [env: MCPBRIDGE_REQUEST_TIMEOUT]')
            [CompletionResult]::new('--drain-timeout', '--drain-timeout', [CompletionResultType]::ParameterName, 'How long requests may still run after the end of the input (0: no limit) [env: MCPBRIDGE_DRAIN_TIMEOUT]')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'How often --keep-alive pings [env: MCPBRIDGE_PING_INTERVAL]')
            [CompletionResult]::new('--max-message-size', '--max-message-size', [CompletionResultType]::ParameterName, 'The largest message in either direction, in bytes or with K, M or G [env: MCPBRIDGE_MAX_MESSAGE_SIZE]')
            [CompletionResult]::new('--log-file', '--log-file', [CompletionResultType]::ParameterName, 'Also write what is said to this file [env: MCPBRIDGE_LOG_FILE]')
            [CompletionResult]::new('--allow-http', '--allow-http', [CompletionResultType]::ParameterName, 'Allow plain http to a host other than this machine [env: MCPBRIDGE_ALLOW_HTTP]')
            [CompletionResult]::new('--ipv4', '--ipv4', [CompletionResultType]::ParameterName, 'Use IPv4 only [env: MCPBRIDGE_IPV4]')
            [CompletionResult]::new('--enable-proxy', '--enable-proxy', [CompletionResultType]::ParameterName, 'Accepted for mcp-remote: proxies from the environment are always used, never for loopback [env: MCPBRIDGE_ENABLE_PROXY]')
            [CompletionResult]::new('--disable-cookies', '--disable-cookies', [CompletionResultType]::ParameterName, 'Do not keep the cookies that the server sets [env: MCPBRIDGE_DISABLE_COOKIES]')
            [CompletionResult]::new('--keep-alive', '--keep-alive', [CompletionResultType]::ParameterName, 'Ping the server regularly, for networks that drop idle connections [env: MCPBRIDGE_KEEP_ALIVE]')
            [CompletionResult]::new('--debug', '--debug', [CompletionResultType]::ParameterName, 'Say more on stderr: every message''s method and id and every status, never a secret [env: MCPBRIDGE_DEBUG]')
            [CompletionResult]::new('--silent', '--silent', [CompletionResultType]::ParameterName, 'Say nothing on stderr [env: MCPBRIDGE_SILENT]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'mcpbridge;help' {
            [CompletionResult]::new('demo', 'demo', [CompletionResultType]::ParameterValue, 'Try everything out: a sample server on this machine and a tour of a session with it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Relay stdin and stdout to the server; the long form of `mcpbridge <URL>`')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
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
        'mcpbridge;help;run' {
            break
        }
        'mcpbridge;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
