/**
 * What the tests and the benchmarks need beside Node and the packages of the lock file: the one list of it.
 *
 * A program or library is there when `command` is on the PATH, or when `succeeds` exits with 0; `{python}` stands for
 * the chosen interpreter. `debian` and `brew` are the packages that bring it.
 *
 * A Python package is pinned, and goes into the virtual environment `.cache/venv`.
 *
 * @typedef {{ what: string, why: string, command?: string, succeeds?: string[], debian: string[], brew: string[] }} SystemNeed
 * A source distribution of PyPI is unpacked into a folder of its name and version in `.cache/sources`; it is not installed.
 *
 * @typedef {{ requirement: string, why: string }} PythonNeed
 * @typedef {{ system: SystemNeed[], python: PythonNeed[], sources: PythonNeed[] }} Needs
 */

/** The oldest Python that everything in the list runs on. */
const oldestPython = [3, 9];

const pythonProbe = `import sys, venv, ensurepip; sys.exit(sys.version_info < (${oldestPython.join(", ")}))`;

/** @type {Needs} */
export const testNeeds = {
  system: [
    {
      what: `Python ${oldestPython.join(".")} or newer, with venv`,
      why: "workers of Python apps, and clients that are written on pyzmq",
      succeeds: ["{python}", "-c", pythonProbe],
      debian: ["python3", "python3-venv"],
      brew: ["python"],
    },
    {
      what: "a C compiler",
      why: "clients that are written in C",
      succeeds: ["cc", "-E", "-include", "stdio.h", "-x", "c", "/dev/null"],
      debian: ["gcc", "libc6-dev"],
      brew: ["gcc"],
    },
    {
      what: "a C++17 compiler with its sanitizers",
      why: "workers of C++ apps",
      succeeds: ["c++", "-std=c++17", "-E", "-include", "sanitizer/asan_interface.h", "-x", "c++", "/dev/null"],
      debian: ["g++"],
      brew: ["gcc"],
    },
    {
      what: "CMake with make",
      why: "builds C++ apps that are folders",
      succeeds: ["sh", "-c", "command -v cmake && command -v make"],
      debian: ["cmake", "make"],
      brew: ["cmake", "make"],
    },
    {
      what: "vim, as vi",
      why: "writes files as editors do, for the driver fs",
      succeeds: ["sh", "-c", "vi --version | grep -q VIM"],
      debian: ["vim-tiny"],
      brew: ["vim"],
    },
    {
      what: "rsync",
      why: "puts files into watched folders",
      command: "rsync",
      debian: ["rsync"],
      brew: ["rsync"],
    },
    {
      what: "Perl 5.26 or newer, with its core modules",
      why: "workers of Perl apps",
      succeeds: ["perl", "-e", "use 5.026; use JSON::PP; use Test::More; use ExtUtils::MakeMaker"],
      debian: ["perl"],
      brew: ["perl"],
    },
    {
      what: "Plack and Test::TCP (where there is no Debian: cpanm Plack Test::TCP)",
      why: "PSGI applications behind server+http",
      succeeds: ["perl", "-MPlack::Test::Suite", "-e", "1"],
      debian: ["libplack-perl", "libtest-tcp-perl"],
      brew: ["cpanminus"],
    },
    {
      what: "OpenSSL",
      why: "certificates, and a client of TLS that is written in C",
      command: "openssl",
      debian: ["openssl"],
      brew: ["openssl"],
    },
    {
      what: "nghttp2's clients",
      why: "clients of HTTP/2 that are written in C",
      succeeds: ["sh", "-c", "command -v nghttp && command -v h2load"],
      debian: ["nghttp2-client"],
      brew: ["nghttp2"],
    },
    {
      what: "netcat and socat",
      why: "clients of raw sockets that are not ours",
      succeeds: ["sh", "-c", "command -v nc && command -v socat"],
      debian: ["netcat-openbsd", "socat"],
      brew: ["netcat", "socat"],
    },
    {
      what: "zsh and fish",
      why: "shells that complete the command line",
      succeeds: ["sh", "-c", "command -v zsh && command -v fish"],
      debian: ["zsh", "fish"],
      brew: ["zsh", "fish"],
    },
    {
      what: "mosquitto with its clients",
      why: "the broker of the driver in examples/third-party-driver",
      succeeds: ["sh", "-c", "PATH=$PATH:/usr/sbin; command -v mosquitto && command -v mosquitto_pub"],
      debian: ["mosquitto", "mosquitto-clients"],
      brew: ["mosquitto"],
    },
    {
      what: "Chromium",
      why: "the browser that is not ours",
      command: "chromium",
      debian: ["chromium"],
      brew: ["chromium"],
    },
    {
      what: "libzmq with its headers",
      why: "clients that are written in C speak ZeroMQ through it",
      succeeds: ["cc", "-E", "-include", "zmq.h", "-x", "c", "/dev/null"],
      debian: ["libzmq3-dev"],
      brew: ["zeromq"],
    },
    {
      what: "curl",
      why: "the HTTP client that is not ours",
      command: "curl",
      debian: ["curl"],
      brew: ["curl"],
    },
  ],
  python: [
    { requirement: "pyzmq==27.3.0", why: "ZeroMQ clients and workers on a library that is not ours" },
    { requirement: "Flask==3.1.3", why: "a WSGI framework behind server+http" },
    { requirement: "starlette==0.49.3", why: "an ASGI framework behind server+http; the last for Python 3.9" },
    { requirement: "cronsim==2.6", why: "says when Debian's cron has a job due" },
    {
      requirement: 'SecantusDB==0.7.0b3; python_version >= "3.10"',
      why: "a server of MongoDB's protocol",
    },
    {
      requirement: 'joserfc==1.8.0; python_version >= "3.11"',
      why: "a client of remote administration on a JOSE library that is not ours",
    },
    { requirement: "mypy==1.19.1", why: "checks apps that are typed; the last that runs on Python 3.9" },
    { requirement: 'Django==4.2.30; python_version < "3.10"', why: "another; the last that runs on Python 3.9" },
    { requirement: 'Django==5.2.19; python_version >= "3.10"', why: "another; the long-term release" },
  ],
  sources: [{ requirement: "gunicorn==23.0.0", why: "its requests, valid and not, go to server+http" }],
};

/** What `pnpm bench` needs more: the peers, and the load. */
/** @type {Needs} */
export const benchNeeds = {
  system: [
    { what: "wrk", why: "makes the HTTP load", command: "wrk", debian: ["wrk"], brew: ["wrk"] },
    {
      what: "the headers of Python",
      why: "uWSGI is compiled when it is installed",
      succeeds: [
        "{python}",
        "-c",
        "import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()['include'], 'Python.h')))",
      ],
      debian: ["python3-dev"],
      brew: ["python"],
    },
  ],
  python: [
    { requirement: 'gunicorn==23.0.0; python_version < "3.10"', why: "a peer of HTTP to WSGI workers" },
    { requirement: 'gunicorn==27.0.1; python_version >= "3.10"', why: "a peer of HTTP to WSGI workers" },
    { requirement: "uWSGI==2.0.31", why: "the faster peer of HTTP to WSGI workers" },
  ],
  sources: [],
};

/** What `pnpm chaos` needs more: machines that are none. */
/** @type {Needs} */
export const chaosNeeds = {
  system: [
    {
      what: "ip, tc and nft",
      why: "networks that are cut",
      succeeds: ["sh", "-c", "PATH=$PATH:/usr/sbin; command -v ip && command -v tc && command -v nft"],
      debian: ["iproute2", "nftables"],
      brew: [],
    },
    {
      what: "libfaketime",
      why: "clocks that are wrong",
      succeeds: ["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"],
      debian: ["faketime"],
      brew: ["libfaketime"],
    },
  ],
  python: [],
  sources: [],
};
