# cb - a circuit breaker for commands. `make demo` and `make test` need nothing but Swift: they install the rest.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
BUILD = .build/release/cb
NAME ?= cb
STRIP ?= -s
ZSH_COMPLETIONS ?= $(PREFIX)/share/zsh/site-functions
# Linked fully static: dynamic linking alone costs 3 ms a run, more than all that cb does.
# Without type layouts: values are copied and let go member by member, and not by a description of their type that is made first.
# Without mangled-name accessors: looking types up by name at run time took a third of all instructions of a run.
# Without Foundation and the library of regular expressions, a third of the program: see Sources/FoundationStandIn.
# CB_STATIC_RUNTIME: see Sources/CStartup. The order of symbols puts what a run uses side by side: fewer page faults; lld is
# the linker that heeds it. What each of these brings is in Benchmarks/STARTUP.md.
# Without unwinding tables, and with one copy of identical functions: a seventh of the program.
# The prefix maps, and no options and no names of caches for debuggers: the same bytes whatever the directory is called.
ORDER = .build/symbol-order
RELEASE = -c release -Xswiftc -static-executable \
	-Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
	-Xswiftc -Xfrontend -Xswiftc -disable-type-layout \
	-Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -DCB_STATIC_RUNTIME -Xswiftc -use-ld=lld \
	-Xswiftc -module-alias -Xswiftc FoundationEssentials=FoundationStandIn \
	-Xswiftc -Xfrontend -Xswiftc -disable-implicit-string-processing-module-import \
	-Xswiftc -Xfrontend -Xswiftc -no-serialize-debugging-options \
	-Xswiftc -Xfrontend -Xswiftc -no-clang-module-breadcrumbs \
	-Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=/usr/src/cb -Xcc -ffile-prefix-map=$(CURDIR)=/usr/src/cb \
	-Xlinker --no-eh-frame-hdr -Xlinker -T -Xlinker $(CURDIR)/contrib/without-unwind-tables.ld -Xlinker --icf=all \
	-Xlinker --symbol-ordering-file=$(CURDIR)/$(ORDER) -Xlinker --no-warn-symbol-ordering
# What is named by what is linked, but never reached: see Sources/CStartup/leftout.c. Names of characters 0.55 MB, OpenSSL's
# client of HTTP 0.02, its ciphers by name 0.16 (TLS takes its own from the provider; keys behind a pass phrase are not read).
LEFT_OUT = -Xlinker --defsym=_swift_stdlib_getScalarName=cb_left_out \
	-Xlinker --defsym=OSSL_HTTP_get=cb_left_out -Xlinker --defsym=openssl_add_all_ciphers_int=cb_left_out
# For cb alone: which libraries were drawn from, for the list of what is inside, the commit, and
# the version of Swift.
LINKED = $(LEFT_OUT) -Xlinker --print-archive-stats=$(CURDIR)/.build/linked-archives $(shell SWIFT="$(SWIFT)" sh contrib/source-id defsym)

.PHONY: all build compile demo test test-presets test-traits torture check lint bench install uninstall deb tarball release deps clean

all: build

deps:
	@sh contrib/install-dependencies build

build: deps compile

# The build alone, for packagers: nothing is installed. The first one of a build directory links twice: see order-symbols.
compile:
	@mkdir -p .build && touch -a $(ORDER)
	@test -e .build/release/Modules/FoundationStandIn.swiftmodule || \
	  $(SWIFT) build $(RELEASE) --target FoundationStandIn 2>&1 | sh contrib/quiet-linker
	@$(SWIFT) build $(RELEASE) $(LINKED) --product cb 2>&1 | sh contrib/quiet-linker
	@test -s $(ORDER) || ! sh contrib/order-symbols $(BUILD) $(ORDER) || \
	  { rm $(BUILD) && $(SWIFT) build $(RELEASE) $(LINKED) --product cb 2>&1 | sh contrib/quiet-linker; }
	@test -x $(BUILD)

demo: build
	@sh contrib/demo $(BUILD)

test: build
	@sh contrib/install-dependencies test
	CB_BINARY="$(CURDIR)/$(BUILD)" SWIFT="$(SWIFT)" contrib/run-tests

# The presets of restic, borg, rclone, aws, msmtp and ansible-playbook against the tools themselves, which apt installs.
test-presets: build
	@sh contrib/install-dependencies presets
	@sh contrib/test-presets $(BUILD)

# Builds without Redis and without TLS, some minutes each: no part of make test.
test-traits: deps
	@SWIFT="$(SWIFT)" sh contrib/test-traits

# Two versions on one store: this program, and one built with the trait NextFormat (some minutes more): no part of make test.
test-mixed: build
	@$(SWIFT) build -c debug --product cb --scratch-path .build-next --traits Redis,TLS,NextFormat
	@contrib/test-mixed $(BUILD) .build-next/debug/cb $(T)

# The long form of the trust tests: make torture T=30m [STORE=file|redis]
T ?= 30m
torture: build
	@sh contrib/install-dependencies test
	@CB_BINARY="$(CURDIR)/$(BUILD)" sh contrib/torture $(T) $(STORE)

# While working: lint, and the tests that need neither a built program nor a server. Under 40 s after a build.
check: lint
	@sh contrib/check-version
	@SWIFT="$(SWIFT)" contrib/run-tests --unit

lint:
	$(SWIFT) format lint --strict --parallel --configuration .swift-format -r Package.swift Sources Benchmarks
	@# Tests may unwrap by force: a test that dies there has failed where it should.
	$(SWIFT) format lint --strict --parallel --configuration Tests/.swift-format -r Tests

bench: build
	@sh contrib/install-dependencies bench
	@$(SWIFT) build $(RELEASE) --product cb-bench 2>&1 | sh contrib/quiet-linker
	@sh Benchmarks/run $(BUILD)

# NAME=cbrun renames the program, its pages and completions together, what stands in them too; STRIP= keeps the symbols.
install:
	@test -x $(BUILD) || { echo "make install: $(BUILD) is not there; run make build first" >&2; exit 1; }
	install -D -m 0755 $(STRIP) $(BUILD) $(DESTDIR)$(PREFIX)/bin/$(NAME)
	@set -e; put() { \
	  install -d $(DESTDIR)"$${2%/*}"; sh contrib/renamed "$$1" "$(NAME)" >$(DESTDIR)"$$2"; chmod 0644 $(DESTDIR)"$$2"; \
	  echo "$$1 -> $(DESTDIR)$$2"; \
	}; \
	for page in man/*.[157]; do \
	  name=$${page#man/cb}; put $$page $(PREFIX)/share/man/man$${page##*.}/$(NAME)$$name; \
	done; \
	put completions/cb.bash $(PREFIX)/share/bash-completion/completions/$(NAME); \
	put completions/_cb $(ZSH_COMPLETIONS)/_$(NAME); \
	put completions/cb.fish $(PREFIX)/share/fish/vendor_completions.d/$(NAME).fish

# What install put there, no more; directories that others may use stay, and so do stores and settings.
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/$(NAME)
	@for page in man/*.[157]; do \
	  name=$${page#man/cb}; set -- $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}/$(NAME)$$name; \
	  echo "rm -f $$1"; rm -f "$$1"; \
	done
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$(NAME)
	rm -f $(DESTDIR)$(ZSH_COMPLETIONS)/_$(NAME)
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/$(NAME).fish

# A Debian package, by debian/, and an archive with the static program, in dist/.
deb: compile
	@sh contrib/deb

tarball: compile
	@sh contrib/tarball binary $(BUILD)

# Everything that is published, from a clean commit, in dist/; check it by contrib/check-release dist.
release:
	@rm -f $(ORDER)
	@$(MAKE) -s compile
	@sh contrib/release $(BUILD)

clean:
	rm -rf .build dist
