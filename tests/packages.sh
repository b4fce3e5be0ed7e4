#!/bin/sh
# Debian packages that some tests need: tests/packages.sh [PACKAGE...], all of the table without arguments.
# Says what it installs before it does. Never an error: tests that need a package say so when they skip.
set -u

# package | what it is, and for which tests | command that succeeds where it, or another of its kind, is there
table() {
	cat <<-'END'
	fonts-ocr-b | font, for the tests that print an MRZ | [ -n "${STILLSCAN_OCRB:-}" ] || find /usr/share/fonts /usr/local/share/fonts "${HOME:-/nonexistent}/.fonts" "${HOME:-/nonexistent}/.local/share/fonts" -iname 'OCRB*.[ot]tf' 2>/dev/null | grep -q .
	chromium-headless-shell | browser without windows, for the tests of the page | command -v chromium-headless-shell >/dev/null || { [ "$(id -u)" != 0 ] && for name in chromium chromium-browser google-chrome google-chrome-stable; do command -v $name && break; done >/dev/null; }
	postgresql | database server, for the tests of several kiosks | command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
	nats-server | server for the events of many kiosks, for the tests of the fleet | command -v nats-server >/dev/null || [ -x /usr/sbin/nats-server ]
	strace | what programs ask of the system, for the tests that no connection is opened | command -v strace >/dev/null
	END
}

install() {
	apt-get install -qq -y "$1" || { apt-get update -qq && apt-get install -qq -y "$1"; }
}

table | while IFS='|' read -r package what there; do
	package=${package% } what=${what# } what=${what% }
	case " ${*:-$package} " in *" $package "*) ;; *) continue ;; esac
	eval "$there" && continue
	if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
		echo "Installing the Debian package $package ($what)"
		install "$package" >/dev/null 2>&1 </dev/null && continue
		echo "note: $package ($what) could not be installed; try: apt-get install $package"
	else
		echo "note: $package ($what) is not here; those tests are skipped. On Debian and Ubuntu: sudo apt-get install $package"
	fi
done
exit 0
