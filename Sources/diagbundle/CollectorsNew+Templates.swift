/// What begins a collector, and a plugin.
extension CollectorsNew {
    static func template(_ name: String, withCommand: Bool) -> String {
        let command = """
              - command: [\(name), --version]
                to: version.txt
                limits: {bytes: 64KiB, seconds: 5}

            """
        return head(name, of: "collector", part: "an item") + """
            when:
              any: [{commands: ["\(name)"]}, {files: [/etc/\(name).conf]}]
            items:
              - files: [/etc/\(name).conf, "/etc/\(name).conf.d/*.conf"]
                exclude: ["*.key"]
                limits: {bytes: 256KiB, files: 100}
            \(withCommand ? command : "")  - listing: [/var/lib/\(name)]
                depth: 2
                to: \(name)-listing.txt

            """
    }

    /// The file that describes a plugin.
    static func pluginTemplate(_ name: String) -> String {
        let risk = """
            # R0 answers from memory, R1 may block, R2 runs only when it is asked for by name, and is of no
            # profile.
            risk: R1

            """
        return head(name, of: "plugin", part: "an artifact", risk: risk) + """
            # What must hold for it to be run:
            # when: {commands: ["\(name)"]}

            """
    }

    /// What both files begin with: `kind` is the last word of their schema, `part` what may have a
    /// privacy class of its own, and `risk` the lines about that.
    private static func head(
        _ name: String, of kind: String, part: String, risk: String = ""
    ) -> String {
        """
        # yaml-language-server: $schema=\(kind).schema.json
        # An editor checks against the schema beside it: diagbundle schema \(kind) > \(kind).schema.json
        schema: diagbundle.\(kind)/1
        name: "\(name)"
        subject: \(name) and its state
        description: >-
          What it collects, and for whom.
        # technical, identity, content or sensitive; \(part) may have its own.
        privacy: content
        \(risk)profiles: [default, full]
        deadline: 30s
        limit: 16MiB

        """
    }

    /// The program of a plugin: a script of POSIX sh that can be run as it is.
    static func programTemplate(_ name: String) -> String {
        #"""
        #!/bin/sh
        # A plugin of diagbundle. It writes no file: what it prints is collected.
        #
        # A message is a line that begins with the boundary. What follows the message `artifact` is
        # the content of that artifact, up to the next message; elsewhere nothing may be printed.
        set -u
        B=$DIAGBUNDLE_BOUNDARY

        echo "$B artifact {\"path\":\"kernel.txt\",\"privacy\":\"technical\"}"
        uname -srvm

        file=/etc/\#(name).conf
        if [ ! -e "$file" ]; then
            # What is not there is said, too: the reader knows then that it was looked for.
            echo "$B absent {\"what\":\"$file\"}"
        elif [ ! -r "$file" ]; then
            echo "$B missing {\"what\":\"$file\",\"why\":\"it may not be read\"," \
                "\"remedy\":\"run as root\"}"
        else
            echo "$B artifact {\"path\":\"\#(name).conf\",\"source\":\"$file\"}"
            cat "$file"
            # A message begins a line, and a file may end without a newline; one too many at the
            # end of an artifact does not count.
            echo
        fi

        # A fault that was recognised; the severity is critical, major, minor or notice:
        # echo "$B finding {\"fault\":\"\#(name).some.fault\",\"severity\":\"minor\"," \
        #     "\"object\":\"\#(name)\",\"place\":\"$file\"," \
        #     "\"reason\":\"Why this is a fault, in one sentence.\"," \
        #     "\"recommendedActions\":[\"What to do.\"]}"

        # The last word. Without it the plugin counts as crashed.
        echo "$B end"

        """#
    }
}
