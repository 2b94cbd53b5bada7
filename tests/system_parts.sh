#!/usr/bin/env bash
# The system parts the tests use: Chromium, CJK fonts, PostgreSQL, Node.js (for the local Supabase), Xvfb and what Qt needs of X. Installed where apt and the right are there.
set -u
missing=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || [ -n "${CHROMIUM:-}" ] || missing+=(chromium)
compgen -G "/usr/share/fonts/opentype/noto/NotoSansCJK*" >/dev/null || [ "$(uname)" != Linux ] || missing+=(fonts-noto-cjk)
command -v initdb >/dev/null || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null || missing+=(postgresql)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
command -v curl >/dev/null || missing+=(curl)
command -v strace >/dev/null || [ "$(uname)" != Linux ] || missing+=(strace)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx)
if [ "$(uname)" = Linux ]; then
  command -v Xvfb >/dev/null || missing+=(xvfb)
  command -v objdump >/dev/null || missing+=(binutils)  # PyInstaller reads with it what a library needs
  libraries=$({ ldconfig -p || /sbin/ldconfig -p; } 2>/dev/null)
  for part in libxcb-cursor.so.0:libxcb-cursor0 libxcb-icccm.so.4:libxcb-icccm4 libxcb-image.so.0:libxcb-image0 \
    libxcb-keysyms.so.1:libxcb-keysyms1 libxcb-render-util.so.0:libxcb-render-util0 libxcb-shape.so.0:libxcb-shape0 \
    libxcb-xkb.so.1:libxcb-xkb1 libxkbcommon-x11.so.0:libxkbcommon-x11-0 libxkbfile.so.1:libxkbfile1 libXtst.so.6:libxtst6 \
    libEGL.so.1:libegl1 libOpenGL.so.0:libopengl0 libGL.so.1:libgl1; do
    grep -q "${part%%:*}" <<< "$libraries" || missing+=("${part##*:}")
  done
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if command -v apt-get >/dev/null; then
  as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null && as_root=(sudo -n)
    [ ${#as_root[@]} -eq 0 ] && { echo "The tests need ${missing[*]}. Install them: sudo apt-get install ${missing[*]}"; exit 1; }
  fi
  echo "Installing ${missing[*]} for the tests …"
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null && exit 0
fi
echo "The tests need ${missing[*]}: install them with your system's package manager and run make test again."
exit 1
