import ArgumentParser
import DiagSystem
import DiagTerminal

/// `diagbundle completion`: scripts that let a shell complete this program's command lines.
struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a script that completes command lines in bash, zsh or fish.",
        discussion: """
            The script asks the program itself at each TAB, so it fits whatever version is \
            installed, and knows the collectors of /etc/diagbundle/collectors.d. It belongs, for \
            bash, into /usr/local/share/bash-completion/completions/diagbundle; for zsh, into \
            /usr/local/share/zsh/site-functions/_diagbundle; for fish, into \
            /etc/fish/completions/diagbundle.fish.

            Exit codes: 0 printed, 64 there is no script for that shell.
            """)

    /// The shells that there are scripts for.
    enum Shell: String, CaseIterable {
        case bash, zsh, fish
    }

    @Argument(help: "The shell: bash, zsh or fish.")
    var shell: String

    func run() throws {
        guard let shell = Shell(rawValue: shell) else {
            let names = Shell.allCases.map(\.rawValue).joined(separator: ", ")
            throw CommandFailure(
                .usage, "there is no script for \"\(self.shell)\". There are: \(names)")
        }
        SignalDisposition.ignoreWriteSignals()
        _ = try StandardStreams.write(Array(shell.script.utf8))
    }
}

/// What the scripts ask: which words can stand at the end of a command line.
struct Complete: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "complete",
        abstract: "Print what can stand for the last of these words.", shouldDisplay: false)

    @Argument(help: "The command line without the program, up to the cursor.")
    var words: [String] = []

    func run() throws {
        SignalDisposition.ignoreWriteSignals()
        let completion = try CompletionValues.completion()
        let answer = completion.answer(
            to: Array(words.dropLast()), current: words.last ?? "")
        for line in answer.lines {
            guard try StandardStreams.write(Array((line + "\n").utf8)) else { return }
        }
    }
}

extension Completion.Shell {
    /// The script. The program is asked as it was typed, so that one that is not in `PATH` works.
    var script: String {
        switch self {
        case .bash: Self.bashScript
        case .zsh: Self.zshScript
        case .fish: Self.fishScript
        }
    }

    private static let bashScript = #"""
        # Completion of diagbundle for bash: the program is asked which words fit.
        # First line of its answer: none, folders or files; then the words.

        _diagbundle() {
            local current=${COMP_WORDS[COMP_CWORD]} program=${COMP_WORDS[0]/#\~/$HOME}
            local kind line
            local -a answer
            COMPREPLY=()
            mapfile -t answer < <(
                "$program" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
            )
            [ "${#answer[@]}" -gt 0 ] || return 0
            for line in "${answer[@]:1}"; do COMPREPLY+=("${line%%$'\t'*}"); done
            [ "$current" = "=" ] && current=
            kind=${answer[0]}
            if [ "$kind" = folders ] || [ "$kind" = files ]; then
                compopt -o filenames 2>/dev/null
                while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
                    compgen -d -- "$current"
                )
            fi
            if [ "$kind" = files ]; then
                while IFS= read -r line; do
                    [ -d "$line" ] || COMPREPLY+=("$line")
                done < <(compgen -f -- "$current")
            fi
            return 0
        }

        complete -F _diagbundle diagbundle

        """#

    private static let zshScript = #"""
        #compdef diagbundle
        # Completion of diagbundle for zsh: the program is asked which words fit.
        # First line of its answer: none, folders or files; then the words.

        _diagbundle() {
            local -a before answer candidates
            local line word meaning
            before=("${(@Q)words[2,CURRENT-1]}")
            if [[ $PREFIX == --*=* ]]; then
                before+=("${PREFIX%%=*}" "=")
                compset -P '*='
            fi
            answer=("${(@f)$("${words[1]/#\~/$HOME}" complete -- "${before[@]}" "$PREFIX" 2>/dev/null)}")
            (( ${#answer} )) || return 1
            for line in "${(@)answer[2,-1]}"; do
                word=${line%%$'\t'*}
                meaning=
                [[ $line == *$'\t'* ]] && meaning=":${line#*$'\t'}"
                candidates+=("${word//:/\\:}$meaning")
            done
            local -i status_=1
            (( ${#candidates} )) && _describe -V 'diagbundle' candidates && status_=0
            case $answer[1] in
            folders) _files -/ && status_=0 ;;
            files) _files && status_=0 ;;
            esac
            return status_
        }

        if [[ ${funcstack[1]} == _diagbundle ]]; then
            _diagbundle "$@"
        else
            compdef _diagbundle diagbundle
        fi

        """#

    private static let fishScript = #"""
        # Completion of diagbundle for fish: the program is asked which words fit.
        # First line of its answer: none, folders or files; then the words.

        function __diagbundle_complete
            set -l before (commandline -opc)
            set -l current (commandline -ct)
            set -l answer (command $before[1] complete -- $before[2..-1] "$current" 2>/dev/null)
            or return 1
            for line in $answer[2..-1]
                printf '%s\n' $line
            end
            set -l prefix (string match -r -- '^--[^=]*=' "$current")
            set -l path (string replace -r -- '^--[^=]*=' '' "$current")
            switch $answer[1]
                case folders
                    for found in $path*/
                        printf '%s%s\n' "$prefix" $found
                    end
                case files
                    for found in $path*/
                        printf '%s%s\n' "$prefix" $found
                    end
                    for found in $path*
                        test -d $found; and continue
                        printf '%s%s\n' "$prefix" $found
                    end
            end
        end

        complete -c diagbundle -f -a '(__diagbundle_complete)'

        """#
}
