"""The systems in other languages: built when their tools are there, and how to start them."""

import glob
import os
import shutil
import subprocess

SOURCE = os.path.join(os.path.dirname(__file__), "..")
GO_PACKAGES = "/usr/share/gocode"  # where Debian puts the sources of packages
JAVA_LIBRARIES = "/usr/share/java"
# Which sources are each Java system's, and the libraries it needs.
JAVA_SYSTEMS = {
    "commons_pool2": (("CommonsPoolSystem",), ("commons-pool2.jar",)),
    "netty_recycler": (("NettyRecyclerSystem",), ("netty-common.jar",)),
    "commons_bounded": (("CommonsPoolSystem", "CommonsBoundedSystem"), ("commons-pool2.jar",)),
    "commons_fair": (("CommonsPoolSystem", "CommonsBoundedSystem", "CommonsFairSystem"), ("commons-pool2.jar",)),
    "hikaricp": (("HikariSystem",), ("HikariCP.jar", "slf4j-api.jar", "slf4j-nop.jar")),
}
# Their names in the report, and what their programs call them.
SYSTEMS = {"go_sync_pool": "sync_pool", "java_commons_pool2": "commons_pool2",
           "java_netty_recycler": "netty_recycler"}
BOUNDED = {"go_database_sql": "database_sql", "go_puddle": "puddle", "java_commons_bounded": "commons_bounded",
           "java_commons_fair": "commons_fair", "java_hikaricp": "hikaricp"}
# Go's packages with a build tag each: the tag, where it is, Debian's package.
GO_OPTIONAL = (("bytebufferpool", "github.com/valyala/bytebufferpool", "golang-github-valyala-bytebufferpool-dev"),
               ("puddle", "github.com/jackc/puddle", "golang-github-jackc-puddle-dev"))


class Foreign:
    def __init__(self, bench):
        self.go = None  # the program
        self._go_tags = []
        self._java = None  # the command up to the class
        self._java_systems = []
        self._build_go(bench)
        self._build_java(bench)

    @property
    def has_bytebufferpool(self):
        return "bytebufferpool" in self._go_tags

    def commands(self):
        """What starts each system that is there, to take turns with others."""
        return self._serving(SYSTEMS)

    def bounded_commands(self):
        """The same of the bounded pools."""
        return self._serving(BOUNDED)

    def _serving(self, systems):
        return {name: " ".join(command) for name in systems if (command := self.alone(name, "serve"))}

    def alone(self, name, task, *numbers):
        """The command of one task of one system; None when it cannot be had."""
        inner = {**SYSTEMS, **BOUNDED}.get(name)
        if self.go and (inner in ("sync_pool", "database_sql") or inner in self._go_tags):
            program = [self.go]
        elif inner in self._java_systems:
            program = self._java
        else:
            return None
        return [*program, task, inner, *map(str, numbers)]

    def _build_go(self, bench):
        if shutil.which("go") is None:
            bench.notes.append("Go is not installed (golang-go), so nothing is compared with it.")
            return
        for tag, path, package in GO_OPTIONAL:
            if os.path.isdir(os.path.join(GO_PACKAGES, "src", path)):
                self._go_tags.append(tag)
            else:
                bench.notes.append(f"The Go package {tag} is not installed ({package}), so nothing is compared with "
                                   "it.")
        output = bench.path("ebb_go_peers")
        # By GOPATH and not by modules: Debian's sources have no go.mod.
        subprocess.run(["go", "build", "-tags", " ".join(self._go_tags), "-o", output, "."],
                       cwd=os.path.join(SOURCE, "go"), check=True,
                       env={**os.environ, "GO111MODULE": "off", "GOPATH": GO_PACKAGES, "GOFLAGS": ""})
        self.go = output

    def _build_java(self, bench):
        if shutil.which("javac") is None:
            bench.notes.append("There is no Java compiler (default-jdk-headless), so nothing is compared with "
                               "Java's pools.")
            return
        jars = set()
        for name, (_, needed) in JAVA_SYSTEMS.items():
            missing = [jar for jar in needed if not os.path.exists(os.path.join(JAVA_LIBRARIES, jar))]
            if missing:
                bench.notes.append(f"{', '.join(missing)} not installed in {JAVA_LIBRARIES}, so nothing is compared "
                                   f"with {name}.")
            else:
                self._java_systems.append(name)
                jars.update(needed)
        # Sources that belong to no system are everybody's.
        own = {source for sources, _ in JAVA_SYSTEMS.values() for source in sources}
        wanted = {source for name in self._java_systems for source in JAVA_SYSTEMS[name][0]}
        sources = [path for path in glob.glob(os.path.join(SOURCE, "java/*.java"))
                   if (stem := os.path.splitext(os.path.basename(path))[0]) not in own or stem in wanted]
        classes = bench.path("java")
        class_path = ":".join(os.path.join(JAVA_LIBRARIES, jar) for jar in sorted(jars))
        subprocess.run(["javac", "-d", classes, "-cp", class_path, *sources], check=True)
        self._java = ["java", "-Xmx4g", "-cp", f"{classes}:{class_path}", "Peer"]
