#!/usr/bin/env python3
"""List what is compiled into LibTorch and oneDNN although nothing calls it.

usage: unused_code.py GENERATED ARCHIVES PROGRAM

GENERATED  codegen.py's output for the ops.txt that LibTorch was built with
ARCHIVES   libtorch_static.a and libdnnl.a, parted by commas
PROGRAM    a folder with the objects and archives of the program and its tests

A development tool: the build reads ops.txt, kernels.txt and sources/. It follows relocations from section to
section (one function each), starting at what PROGRAM refers to. Registrations name every operator and are not
followed; instead, a call of at::_ops::X leads to the kernels that were registered for X.
"""
import collections
import glob
import os
import re
import struct
import sys

# Files whose static initialisers do what nothing names: registrations of fallbacks, of guards and of the allocator.
KEPT = re.compile(r"(Register|VariableType|ADInplace|VariableTypeManual|\w*Fallback\w*|\w+GuardImpl|CPUAllocator|Named)\w*\.cpp")


def members(path):
    """(name, contents) of each object of an archive, or of the object itself."""
    data = open(path, "rb").read()
    if not data.startswith(b"!<arch>\n"):
        yield os.path.basename(path), data
        return
    at, long_names = 8, b""
    while at < len(data):
        name, size = data[at:at + 16].rstrip(), int(data[at + 48:at + 58])
        body, at = data[at + 60:at + 60 + size], at + 60 + size + size % 2
        if name == b"//":
            long_names = body
        elif name not in (b"/", b"/SYM64/"):
            if name.startswith(b"/"):
                start = int(name[1:])
                name = long_names[start:long_names.index(b"/\n", start)]
            yield name.decode().rstrip("/"), body


class Object:
    """Sections, symbols and relocations of a 64-bit ELF object."""

    def __init__(self, data):
        at, = struct.unpack_from("<Q", data, 40)
        _, count, names = struct.unpack_from("<HHH", data, 58)
        header = lambda i: struct.unpack_from("<IIQQQQIIQQ", data, at + 64 * i)
        count, names = count or header(0)[5], header(0)[6] if names == 0xffff else names
        headers = [header(i) for i in range(count)]
        text = lambda base, offset: data[base + offset:data.index(b"\0", base + offset)].decode()
        self.sections = [text(headers[names][4], h[0]) for h in headers]
        self.sizes = [h[5] if h[2] & 2 else 0 for h in headers]
        self.symbols, extended = [], None
        for h in headers:
            if h[1] == 18:
                extended = struct.unpack_from(f"<{h[5] // 4}I", data, h[4])
        for h in headers:
            if h[1] == 2:
                strings = headers[h[6]][4]
                for i, (name, info, _, section, _, _) in enumerate(struct.iter_unpack("<IBBHQQ", data[h[4]:h[4] + h[5]])):
                    section = extended[i] if section == 0xffff else section
                    self.symbols.append((text(strings, name), info >> 4, info & 15, section if section < count else 0))
        self.relocations = {}  # section -> symbols
        for h in headers:
            if h[1] == 4 and not self.sections[h[7]].startswith((".eh_frame", ".debug", ".gcc_except", ".llvm")):
                entries = struct.iter_unpack("<QQq", data[h[4]:h[4] + h[5]])
                self.relocations[h[7]] = {info >> 32 for _, info, _ in entries}


class Graph:
    def __init__(self, archives):
        self.file, self.size, self.symbols, self.initialisers = [], [], collections.defaultdict(list), collections.defaultdict(list)
        self.defined, self.weak, pending = {}, {}, []
        for path in archives:
            for name, data in members(path):
                self.add(Object(data), name.removesuffix(".o"), pending)
        strong = dict(self.defined)
        self.defined = {**self.weak, **strong}
        self.edges = collections.defaultdict(set)
        for section, target in pending:
            target = self.defined.get(target) if isinstance(target, str) else target
            if target is not None:
                self.edges[section].add(target)

    def add(self, obj, name, pending):
        base = len(self.file)
        for i, section in enumerate(obj.sections):
            self.file.append(name)
            self.size.append(obj.sizes[i])
            if section.startswith(".init_array"):
                self.initialisers[name].append(base + i)
        for symbol, binding, kind, section in obj.symbols:
            if section and symbol and kind != 3:
                self.symbols[base + section].append(symbol)
                if binding:
                    (self.defined if binding == 1 else self.weak).setdefault(symbol, base + section)
        for section, symbols in obj.relocations.items():
            for i in symbols:
                symbol, binding, _, target = obj.symbols[i]
                if binding:
                    pending.append((base + section, symbol))
                elif target:
                    pending.append((base + section, base + target))


def registered(generated):
    """Operator -> {(file, function)}, from the registrations in generated code."""
    kernels = collections.defaultdict(set)
    for path in glob.glob(generated + "/**/*.cpp", recursive=True):
        for op, function in re.findall(r'm\.impl\("(?:aten::)?([^"]+)",\s*TORCH_FN\(([\w:]+)\)', open(path).read()):
            kernels[op.replace(".", "_")].add((os.path.basename(path), function.split("::")[-1]))
    return kernels


def operator_of(symbol):
    found = re.match(r"_ZN2at4_ops(\d+)", symbol)
    return symbol[found.end():found.end() + int(found[1])] if found else None


def kernels_in(graph, kernels):
    """Operator -> sections of the functions that are registered for it."""
    by_function = collections.defaultdict(set)
    wanted = {(file, f"{len(function)}{function}") for all_of in kernels.values() for file, function in all_of}
    files = {file for file, _ in wanted}
    for section, symbols in graph.symbols.items():
        file = graph.file[section]
        if file in files:
            for symbol in symbols:
                for found in re.finditer(r"\d+(?=[A-Za-z_])", symbol):
                    for start in range(found.start(), found.end()):
                        length = int(symbol[start:found.end()])
                        key = (file, symbol[start:found.end() + length])
                        if key in wanted:
                            by_function[key].add(section)
    return {op: set().union(*(by_function[file, f"{len(function)}{function}"] for file, function in all_of))
            for op, all_of in kernels.items()}


def reach(graph, roots, op_kernels):
    """Sections and operators that are reached, and the files they need."""
    seen, ops, files, stack = set(), set(), set(), list(roots)
    for file, sections in graph.initialisers.items():
        if KEPT.match(file):
            files.add(file)
            stack += sections
    while stack:
        section = stack.pop()
        if section in seen:
            continue
        seen.add(section)
        symbols, file = graph.symbols.get(section, ()), graph.file[section]
        if file not in files and any(s not in graph.weak for s in symbols):
            files.add(file)
            stack += graph.initialisers[file]
        if any("TORCH_LIBRARY_" in s for s in symbols) and re.match("Register|VariableType_|ADInplace", file):
            continue
        stack += graph.edges.get(section, ())
        for op in {operator_of(s) for s in symbols} - {None, *ops}:
            ops.add(op)
            stack += op_kernels.get(op, ())
    return seen, ops, files


def stub_of(symbol):
    """X of a symbol of DispatchStub<..., X_DECLARE_DISPATCH_type>'s kernel for AVX2 or AVX-512."""
    if "DispatchStub" not in symbol or not symbol.endswith(("4AVX2E", "6AVX512E")):
        return None
    for found in re.finditer(r"\d+(?=[A-Za-z_])", symbol):
        for start in range(found.start(), found.end()):
            name = symbol[found.end():found.end() + int(symbol[start:found.end()])]
            if name.endswith("_DECLARE_DISPATCH_type"):
                return name.removesuffix("_DECLARE_DISPATCH_type")
    return None


def main(generated, archives, program):
    graph = Graph(archives.split(","))
    roots = set()
    for path in glob.glob(program + "/**/*.[oa]", recursive=True):
        for _, data in members(path):
            roots |= {graph.defined[name] for name, *_ in Object(data).symbols if name in graph.defined}
    kernels = registered(generated)
    seen, ops, files = reach(graph, roots, kernels_in(graph, kernels))
    stubs = lambda sections: {stub_of(s) for i in sections for s in graph.symbols.get(i, ())} - {None}
    print("operators:", *sorted(set(kernels) - ops))
    print("kernels:", *sorted(stubs(graph.symbols) - stubs(seen)))
    print("files:", *sorted(set(graph.file) - files))
    print(f"bytes: {sum(graph.size[i] for i in seen)} of {sum(graph.size)} are reached")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
