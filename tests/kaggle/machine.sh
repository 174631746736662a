#!/bin/bash
# A rehearsed Kaggle machine: runs one notebook there with nbconvert, and copies what it
# leaves in /kaggle/working out. To be started in namespaces of its own, as their root:
#
#   unshare --mount --net --pid --fork machine.sh NOTEBOOK RESULT PYTHON INPUT_MOUNT WORK_MOUNT SOURCE=TARGET...
#
# RESULT gets working/ and notebook.ipynb, and what lies in its working/ is in /kaggle/working at the beginning;
# PYTHON is a virtual environment; the two options of mounts are exec or noexec, of /kaggle/input, and of /tmp and
# /kaggle/working; each folder SOURCE appears as /kaggle/input/TARGET. No network but the loopback, no HOME, nothing
# of this machine but /usr and PYTHON.
#
# machine_environment  NAME=VALUE... of the notebook, without spaces in values
# machine_driver       folder with a libcuda.so.1, which the notebook's programs find
set -euo pipefail
notebook=$1 result=$2 python=$3 input_mount=$4 work_mount=$5
read -ra environment <<< "${machine_environment:-}"
shift 5
root=$result/root

bind_read_only() { # bind_read_only SOURCE: at the same place in the machine
  mkdir -p "$root$1"
  mount --rbind "$1" "$root$1"
  mount -o remount,bind,ro "$root$1"
}

make_system() {
  local name
  mkdir -p "$root"
  mount -t tmpfs -o mode=755 tmpfs "$root"
  bind_read_only /usr
  for name in bin sbin lib lib32 lib64 libx32; do
    if [ -L "/$name" ]; then cp -P "/$name" "$root/"; elif [ -d "/$name" ]; then bind_read_only "/$name"; fi
  done
  mkdir -p "$root"/{etc,proc,dev/shm,tmp,kaggle/input,kaggle/working}
  # A notebook's `!` runs its commands in a pseudo-terminal.
  mkdir "$root/dev/pts"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  printf 'root:x:0:0:root:/nonexistent:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:x:0:\n' > "$root/etc/group"
  cp /etc/ld.so.cache "$root/etc/"
  for name in null zero full random urandom; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  done
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t proc proc "$root/proc"
}

make_kaggle() { # make_kaggle SOURCE=TARGET...
  local pair folder
  mount -t tmpfs -o "size=400m,$work_mount" tmpfs "$root/tmp"
  mount -t tmpfs -o "size=400m,$work_mount" tmpfs "$root/kaggle/working"
  if [ -d "$result/working" ]; then cp -rT "$result/working" "$root/kaggle/working"; fi
  mount -t tmpfs tmpfs "$root/kaggle/input"
  for pair; do
    folder=$root/kaggle/input/${pair#*=}
    mkdir -p "$folder"
    cp -rT --no-preserve=mode "${pair%%=*}" "$folder"
  done
  # An upload loses the executable bit.
  find "$root/kaggle/input" -type f -exec chmod 444 {} +
  mount -o "remount,bind,ro,$input_mount" "$root/kaggle/input"
}

start_loopback() { # the kernel of a notebook talks over it; iproute2 may not be there
  "$python/bin/python" - << 'END'
import fcntl, socket, struct
UP = 1
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", UP))  # SIOCSIFFLAGS
END
}

make_system
make_kaggle "$@"
bind_read_only "$python" # last: it may lie in /tmp
if [ -n "${machine_driver:-}" ]; then
  bind_read_only "$machine_driver"
  environment+=("LD_LIBRARY_PATH=$machine_driver")
fi
start_loopback
# Kaggle runs the notebook from there, under this name.
cp "$notebook" "$root/kaggle/working/__notebook__.ipynb"
status=0
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 JUPYTER_RUNTIME_DIR=/tmp/jupyter \
  JUPYTER_CONFIG_DIR=/tmp/jupyter JUPYTER_DATA_DIR=/tmp/jupyter JUPYTER_PLATFORM_DIRS=1 IPYTHONDIR=/tmp/ipython \
  "${environment[@]}" \
  timeout --kill-after=10 900 chroot "$root" env -C /kaggle/working \
  "$python/bin/python" -m nbconvert --to notebook --execute --inplace __notebook__.ipynb || status=$?
rm -rf "$result/working"
mkdir "$result/working"
mv "$root/kaggle/working/__notebook__.ipynb" "$result/notebook.ipynb"
cp -rT "$root/kaggle/working" "$result/working"
exit "$status"
