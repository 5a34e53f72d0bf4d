"""The systems in other languages: built when their tools are there, and how to start them."""

import glob
import os
import shutil
import subprocess

SOURCE = os.path.join(os.path.dirname(__file__), "..")
GO_PACKAGES = "/usr/share/gocode"  # where Debian puts the sources of packages
JARS = {"commons_pool2": "/usr/share/java/commons-pool2.jar",
        "netty_recycler": "/usr/share/java/netty-common.jar"}
# Their names in the report, and what their programs call them.
SYSTEMS = {"go_sync_pool": "sync_pool", "java_commons_pool2": "commons_pool2",
           "java_netty_recycler": "netty_recycler"}


class Foreign:
    def __init__(self, bench):
        self.go = None  # the program
        self.has_bytebufferpool = False
        self._java = None  # the command up to the class
        self._jars = {}
        self._build_go(bench)
        self._build_java(bench)

    def commands(self):
        """What starts each system that is there, to take turns with others."""
        return {name: " ".join(command) for name in SYSTEMS if (command := self.alone(name, "serve"))}

    def alone(self, name, task, *numbers):
        """The command of one task of one system; None when it cannot be had."""
        inner = SYSTEMS.get(name)
        if inner == "sync_pool" and self.go:
            program = [self.go]
        elif inner in self._jars:
            program = self._java
        else:
            return None
        return [*program, task, inner, *map(str, numbers)]

    def _build_go(self, bench):
        if shutil.which("go") is None:
            bench.notes.append("Go is not installed (golang-go), so nothing is compared with it.")
            return
        tags = []
        if os.path.isdir(os.path.join(GO_PACKAGES, "src/github.com/valyala/bytebufferpool")):
            tags = ["-tags", "bytebufferpool"]
            self.has_bytebufferpool = True
        else:
            bench.notes.append("The Go package bytebufferpool is not installed "
                               "(golang-github-valyala-bytebufferpool-dev), so nothing is compared with it.")
        output = bench.path("ebb_go_peers")
        # By GOPATH and not by modules: Debian's sources have no go.mod.
        subprocess.run(["go", "build", *tags, "-o", output, "."], cwd=os.path.join(SOURCE, "go"), check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": GO_PACKAGES, "GOFLAGS": ""})
        self.go = output

    def _build_java(self, bench):
        self._jars = {name: jar for name, jar in JARS.items() if os.path.exists(jar)}
        for name in JARS.keys() - self._jars.keys():
            bench.notes.append(f"{JARS[name]} is not installed, so nothing is compared with {name}.")
        if shutil.which("javac") is None or len(self._jars) < len(JARS):
            self._jars = {}
            if shutil.which("javac") is None:
                bench.notes.append("There is no Java compiler (default-jdk-headless), so nothing is compared with "
                                   "Java's pools.")
            return
        classes = bench.path("java")
        class_path = ":".join(self._jars.values())
        sources = glob.glob(os.path.join(SOURCE, "java/*.java"))
        subprocess.run(["javac", "-d", classes, "-cp", class_path, *sources], check=True)
        self._java = ["java", "-Xmx4g", "-cp", f"{classes}:{class_path}", "Peer"]
