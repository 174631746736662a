#!/usr/bin/env bash
# Holds the objects of `train --jobs kubernetes` against the published schemas of their kinds.
#
#   tests/jobs/kubernetes.sh PROGRAM PYTHON      PYTHON: an environment with requirements.txt
set -euo pipefail
program=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for device in cpu cuda; do
  "$program" train --jobs kubernetes --manifest "$root/weights_manifest/demo.json" --base /data/base --data /data/questions \
    --out /data/out --folds 5 --threads 4 --device "$device" --pack /data/package > "$work/list.json"
  "$2/bin/python" - "$work" << 'END'
import json, sys
for number, item in enumerate(json.load(open(sys.argv[1] + "/list.json"))["items"]):
    json.dump(item, open(f"{sys.argv[1]}/item_{number}.json", "w"))
END
  "$2/bin/kubernetes-validate" --strict -k 1.33 "$work"/item_*.json
  [ "$("$2/bin/kubernetes-validate" --strict -k 1.33 "$work"/item_*.json 2>&1 | grep -c 'passed for resource job/')" = 2 ]
done
# The check can fail.
sed -i 's/"completionMode"/"completionMood"/' "$work/item_1.json"
if "$2/bin/kubernetes-validate" --strict -k 1.33 "$work/item_1.json" 2> /dev/null; then
  echo "kubernetes: a wrong field was not noticed" >&2
  exit 1
fi
echo "kubernetes: both Jobs and the ConfigMap are as the schemas of 1.33 say"
