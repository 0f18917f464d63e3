# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Read by tests/vm/run: the guest's initramfs, which is guest/init, busybox and modules. Kept in the cache under a name
# that says what it was made from. Uses run's KERNEL_ROOT, KERNEL_VERSION, TOOLS, BUSYBOX, HERE, DIR and die().

# What guest scripts can `load`; what these need is added. A kernel may lack some: the debug kernel has what its tests need.
readonly MODULES=(virtio_pci 9pnet_virtio 9p igb igbvf vfio-pci vfio_iommu_type1 pci-stub aer_inject 8021q
	sch_ingress cls_matchall act_mirred act_skbmod overlay)

module_file() { # name
	find "$KERNEL_ROOT/lib/modules/$KERNEL_VERSION/kernel" -name "${1//[-_]/[-_]}.ko*" -print -quit
}

module_built_in() { # name
	grep -q "/${1//[-_]/[-_]}\.ko$" "$KERNEL_ROOT/lib/modules/$KERNEL_VERSION/modules.builtin"
}

unpack_module() { # file target
	case $1 in
	*.xz) "$BUSYBOX" xz -dc "$1" >"$2" ;;
	*.gz) "$BUSYBOX" gzip -dc "$1" >"$2" ;;
	*.ko) cp "$1" "$2" ;;
	*) die "do not know how to unpack $1" ;;
	esac
}

# add_module NAME LIST: unpacks the module and those it depends on, appends them to the list in that order. The kernel
# packages hold no modules.dep (their installation makes it), so each module's own `depends=` is read.
add_module() {
	local name=${1//-/_} list=$2 file target needed
	target=$STAGING/modules/$name.ko
	if [[ ! -e $target ]]; then
		file=$(module_file "$name")
		if [[ -z $file ]]; then
			module_built_in "$name" || die "kernel $KERNEL_VERSION has no module $name"
			return 0
		fi
		unpack_module "$file" "$target"
	fi
	for needed in $(tr '\0' '\n' <"$target" | sed -n 's/^depends=//p' | tr ',' ' '); do
		add_module "$needed" "$list"
	done
	if ! grep -qx "$name.ko" "$list"; then
		printf '%s\n' "$name.ko" >>"$list"
	fi
}

build_initramfs() { # file
	local module
	STAGING=$DIR/initramfs
	mkdir -p "$STAGING"/{bin,modules}
	cp "$BUSYBOX" "$STAGING/bin/busybox"
	ln -s busybox "$STAGING/bin/sh"
	cp "$HERE/guest/init" "$STAGING/init"
	chmod 755 "$STAGING/init" "$STAGING/bin/busybox"
	for module in "${MODULES[@]}"; do
		if [[ -z $(module_file "$module") ]] && ! module_built_in "$module"; then
			continue
		fi
		: >"$STAGING/modules/$module.list"
		add_module "$module" "$STAGING/modules/$module.list"
	done
	(cd "$STAGING" && find . | "$BUSYBOX" cpio -o -H newc 2>/dev/null) >"$DIR/initramfs.cpio"
	mkdir -p "${1%/*}"
	mv "$DIR/initramfs.cpio" "$1.$$"
	mv "$1.$$" "$1"
	rm -rf "$STAGING"
}

# Sets INITRAMFS.
prepare_initramfs() {
	local hash
	hash=$( (cat "$HERE/guest/init" "$HERE/initramfs.sh" "$TOOLS/VERSION" && echo "$KERNEL_VERSION") | sha256sum)
	INITRAMFS=${TOOLS%/tools}/initramfs/$KERNEL_VERSION.${hash:0:16}.cpio
	if [[ ! -r $INITRAMFS ]]; then
		rm -f "${TOOLS%/tools}/initramfs/$KERNEL_VERSION".*.cpio
		build_initramfs "$INITRAMFS"
	fi
}
