#!/bin/bash
# Boots systemd as the first process of namespaces of its own, over this machine's files, none of which it can change. $1 is a folder: its var-log
# is the host's /var/log, its units are all units that there are beside systemd's own.
set -e
folder=$1 root=$1/root
mkdir -p "$root"
mount -t tmpfs tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/all"
mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/all"
cd "$root/all"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind /dev dev
mount -t tmpfs tmpfs sys/fs/cgroup
mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
mkdir -p var/log
mount --bind "$folder/var-log" var/log
rm -rf etc/systemd/system
cp -r "$folder/units" etc/systemd/system
hostname > etc/hostname
echo 7777777777777777777777777777aaaa > etc/machine-id
exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=test /lib/systemd/systemd --system --unit=test.target --log-target=journal
