# cb - a circuit breaker for commands. `make demo` and `make test` need nothing but Swift: they install the rest.
PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
BUILD = .build/release/cb
# Linked fully static: dynamic linking alone costs 3 ms a run, more than all that cb does.
# Without mangled-name accessors: looking types up by name at run time took a third of all instructions of a run.
# CB_STATIC_RUNTIME: see Sources/CStartup. The order of symbols puts what a run uses side by side: fewer page faults and
# half the memory; contrib/order-symbols makes it, and lld is the linker that heeds it.
RELEASE = -c release -Xswiftc -static-executable \
	-Xswiftc -Xfrontend -Xswiftc -disable-concrete-type-metadata-mangled-name-accessors \
	-Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -DCB_STATIC_RUNTIME -Xlinker --wrap=OPENSSL_cpuid_setup -Xswiftc -use-ld=lld \
	-Xlinker --symbol-ordering-file=$(CURDIR)/contrib/symbol-order -Xlinker --no-warn-symbol-ordering

.PHONY: all build demo test test-presets test-traits torture lint bench install uninstall deb tarball deps clean

all: build

deps:
	@sh contrib/install-dependencies build

build: deps
	@$(SWIFT) build $(RELEASE) --product cb 2>&1 | sh contrib/quiet-linker
	@test -x $(BUILD)

demo: build
	@sh contrib/demo $(BUILD)

test: build
	@sh contrib/install-dependencies test
	CB_BINARY="$(CURDIR)/$(BUILD)" SWIFT="$(SWIFT)" sh contrib/run-tests

# The presets of restic, borg, rclone, aws, msmtp and ansible-playbook against the tools themselves, which apt installs.
test-presets: build
	@sh contrib/install-dependencies presets
	@sh contrib/test-presets $(BUILD)

# Builds without Redis and without TLS, some minutes each: no part of make test.
test-traits: deps
	@SWIFT="$(SWIFT)" sh contrib/test-traits

# The long form of the trust tests: make torture T=30m [STORE=file|redis]
T ?= 30m
torture: build
	@sh contrib/install-dependencies test
	@CB_BINARY="$(CURDIR)/$(BUILD)" sh contrib/torture $(T) $(STORE)

lint:
	$(SWIFT) format lint --strict --configuration .swift-format -r Package.swift Sources Tests

bench: build
	@sh contrib/install-dependencies bench
	@$(SWIFT) build $(RELEASE) --product cb-bench 2>&1 | sh contrib/quiet-linker
	@sh Benchmarks/run $(BUILD)

install:
	@test -x $(BUILD) || { echo "make install: $(BUILD) is not there; run make build first" >&2; exit 1; }
	install -D -m 0755 -s $(BUILD) $(DESTDIR)$(PREFIX)/bin/cb
	for page in man/*.1; do install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man1/$$(basename $$page); done
	for page in man/*.5; do install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man5/$$(basename $$page); done
	for page in man/*.7; do install -D -m 0644 $$page $(DESTDIR)$(PREFIX)/share/man/man7/$$(basename $$page); done
	install -D -m 0644 completions/cb.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cb
	install -D -m 0644 completions/_cb $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cb
	install -D -m 0644 completions/cb.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cb.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/cb
	rm -f $(DESTDIR)$(PREFIX)/share/man/man1/cb.1 $(DESTDIR)$(PREFIX)/share/man/man1/cb-*.1
	rm -f $(DESTDIR)$(PREFIX)/share/man/man5/cb-config.5
	rm -f $(DESTDIR)$(PREFIX)/share/man/man7/cb.7 $(DESTDIR)$(PREFIX)/share/man/man7/cb-schedulers.7
	rm -f $(DESTDIR)$(PREFIX)/share/bash-completion/completions/cb
	rm -f $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_cb
	rm -f $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/cb.fish

# A Debian package and an archive with the static binary, in dist/.
deb: build
	@sh contrib/debian-package $(BUILD)

tarball: build
	@sh contrib/tarball $(BUILD)

clean:
	rm -rf .build
