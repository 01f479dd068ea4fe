"""A bundle of very many small members. With DIAGBUNDLE_FUZZ in the environment there are 300,000."""

import os
import unittest

import harness
import samples

COUNT = 300_000 if "DIAGBUNDLE_FUZZ" in os.environ else 5_000


class ManyMembers(harness.Case):
    """What takes milliseconds for one member takes minutes for all, and memory for each."""

    def path_of(self, number):
        return "logs/%03d/%06d.txt" % (number // 1000, number)

    def test_they_are_sealed_listed_searched_and_read_back(self):
        files = {self.path_of(number): b"this is member %d\n" % number for number in range(COUNT)}
        content = samples.host_folder(self.path("host"), files.items())
        for name, compression in (("tar.xz", "xz"), ("tar", "none")):
            if compression == "none" and COUNT > 100_000:
                continue
            path = samples.seal(self.path("host"), self.path("host." + name), "--compression",
                                compression)
            outcome = harness.run("verify", path, timeout=900)
            self.assertEqual(outcome.status, 0, str(outcome))
            listed = samples.members(path)
            self.assertEqual({one["path"]: (one["byteCount"], one["sha256"]) for one in listed},
                             {"host/" + name: (len(data), harness.sha256(data))
                              for name, data in content.items()})
            for number in (0, COUNT // 2, COUNT - 1):
                name = self.path_of(number)
                outcome = harness.run("cat", path, name)
                self.assertEqual((outcome.status, outcome.out_bytes), (0, files[name]))
            outcome = harness.run("grep", "member %d$" % (COUNT - 1), path, "logs", timeout=900)
            self.assertEqual(outcome.out, "host/%s:this is member %d\n" % (
                self.path_of(COUNT - 1), COUNT - 1), str(outcome))
            for words in (("--salvage",), ()):
                target = self.path("out" + "".join(words) + compression)
                outcome = harness.run("extract", *words, path, "-C", target, timeout=900)
                self.assertEqual((outcome.status, outcome.err), (0, ""), str(outcome))
                self.assertEqual(harness.files_below(os.path.join(target, "host")),
                                 sorted(content))
                for number in range(0, COUNT, 997):
                    name = self.path_of(number)
                    self.assertEqual(harness.content(os.path.join(target, "host", name)),
                                     files[name])

    test_they_are_sealed_listed_searched_and_read_back.seconds = 3600


if __name__ == "__main__":
    unittest.main()
