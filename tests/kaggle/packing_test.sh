#!/bin/bash
# What ./build.sh package takes and refuses: packing_test.sh TRAINING WORK, with TRAINING as --train leaves it.
# SCIEXAM_PROGRAM is the program.
set -euo pipefail
training=$1 work=$2
stage=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/../../kernels_package/stage.sh
mkdir -p "$work"
cd "$work"
failures=0 taken=0 refused=0

wrong() {
  printf 'WRONG: %s\n' "$*"
  failures=$((failures + 1))
}

# refused STATUS TEXT ARGUMENT...: ends so, says so, and leaves nothing, not even in part.
refused() {
  local status=0 expected=$1 text=$2 before
  shift 2
  refused=$((refused + 1))
  before=$(find . | sort)
  "$stage" "$@" > refusal.txt 2>&1 || status=$?
  [ "$status" -eq "$expected" ] || wrong "status $status, not $expected: $*"
  grep -qF -- "$text" refusal.txt || wrong "not said '$text': $* ($(head -n 1 refusal.txt))"
  printf 'refused: %s\n' "$(tail -n 2 refusal.txt | tr -s ' \n' ' ')"
  rm refusal.txt
  [ "$(find . | sort)" = "$before" ] || wrong "something was left: $*"
}

taken() { # taken ARGUMENT...
  taken=$((taken + 1))
  "$stage" "$@" > taken.txt 2>&1 || wrong "refused: $* ($(tail -n 2 taken.txt))"
  rm taken.txt
}

# Names, before anything is compiled.
w=(--weights "$training" --check)
refused 2 'Kaggle user name' "${w[@]}"
refused 2 'is not a Kaggle user name' "${w[@]}" --owner 'Ada Lovelace'
refused 2 'has 5 characters' "${w[@]}" --owner ada --title 'exam1'
refused 2 'has 51 characters' "${w[@]}" --owner ada --title "$(printf 'x%.0s' {1..51})"
refused 2 "becomes the address 'a-b-c'" "${w[@]}" --owner ada --title 'a(b)c '
refused 2 'characters that it may not have' "${w[@]}" --owner ada --title 'my "best" models'
refused 2 'wants a value' --weights "$training" --owner
refused 2 "'--wheights' is not known" "${w[@]}" --owner ada --wheights 1,1

# Places.
refused 2 '--weights is missing' --owner ada
refused 2 'is not a folder' --owner ada --weights nothing
mkdir empty mine
refused 2 'no manifest.json, and no sub-folder' --owner ada --weights empty
touch mine/thesis.txt
refused 2 'is not empty' --owner ada --weights "$training" --out mine
refused 2 'is not a folder' --owner ada --weights "$training" --out mine/thesis.txt

# Runs that have not ended, vocabularies that differ.
mkdir -p half/run_0/resume half/run_1
cp -r "$training/run_0/." half/run_1
refused 2 'has not ended' --owner ada --weights half
rm -r half/run_0
cp -r "$training/run_0" half/run_0
result=$(basename "$(dirname "$(ls half/run_0/*/spm.model)")")
printf 'x' >> "half/run_0/$result/spm.model"
refused 2 'different vocabularies' --owner ada --weights half
rm "half/run_0/$result/spm.model" "half/run_1/$result/spm.model"
refused 2 'Name the models' --owner ada --weights half
taken --owner ada --weights half --tokenizer "$training/run_0/$result/spm.model" --out from_half
sed -i 's/"template": "open_book"/"template": "closed_book"/' "half/run_1/$result/training.json"
refused 2 'different settings of template' --owner ada --weights half --tokenizer "$training/run_0/$result/spm.model"
sed -i 's/"template": "open_book"/"template": "closed_book"/' "half/run_0/$result/training.json"
taken --owner ada --weights half --tokenizer "$training/run_0/$result/spm.model" --out closed
for kind in open_book:from_half closed_book:closed; do
  grep -q "\"template\": \"${kind%:*}\"" "${kind#*:}/manifest.json" ||
    wrong "the template that was trained with is not in the package ${kind#*:}"
done
taken --owner ada --weights "$training" --out weighed --retrieval-weight 0.5
grep -q '"retrieval_weight": 0.5' weighed/manifest.json || wrong "the weight of the index is not in the package"

# Checkpoints in Hugging Face's form without our files beside them; one alone.
mkdir plain
cp -r "$training/run_0/$result" plain/first
cp -r "$training/run_1/$result" plain/second
taken --owner ada --weights plain --out from_plain --title 'Plain models, two'
[ -f from_plain/run_1.safetensors.zst ] || wrong "two plain checkpoints are not two models"
grep -q '"id": "ada/plain-models-two"' from_plain/dataset-metadata.json || wrong "the slug is not the title's"
taken --owner ada --weights plain/first --out from_one --precision f32

# A package; the same place again; a damaged one.
taken --owner ada --weights from_plain --out from_package
cmp -s from_plain/run_1.safetensors.zst from_package/run_1.safetensors.zst || wrong "a package's files are not copied"
taken --owner ada --weights "$training" --out from_package
[ -f from_package/notebook/kernel-metadata.json ] || wrong "the second upload is incomplete"
refused 2 'is no earlier upload' --owner eve --weights "$training" --out from_package
refused 2 'is a package already' --owner ada --weights from_plain --precision f32 --out no
cp -r from_plain damaged
printf '\377\377\377\377' | dd of=damaged/run_0.safetensors.zst bs=1 seek=5000 conv=notrunc status=none
refused 1 'not whole' --owner ada --weights damaged --out no
rm damaged/config.json
refused 1 'config.json is missing' --owner ada --weights damaged --out no

# Files that Kaggle would unpack, too many files: checks.sh alone, since pack makes no such package.
fail() {
  printf '%s\n' "$*"
  exit 1
}
program=true out=upload
# shellcheck source=kernels_package/checks.sh
. "${stage%/*}/checks.sh"
unpacked() { # unpacked KIND FILE
  mkdir -p upload
  mv "$2" upload/weights.bin
  [[ $(check_upload upload) == "weights.bin is a $1 archive"* ]] ||
    wrong "a $1 archive was not seen: $(check_upload upload)"
  rm -r upload
}
touch file
archived() { /usr/bin/python3 -c "import shutil; shutil.make_archive('archive', '$1', '.', 'file')"; }
archived zip && unpacked zip archive.zip
archived tar && unpacked tar archive.tar
archived gztar && unpacked gzip archive.tar.gz
archived bztar && unpacked bzip2 archive.tar.bz2
archived xztar && unpacked xz archive.tar.xz
printf '7z\274\257\047\034' > archive && unpacked 7z archive
printf 'Rar!\032\007\001' > archive && unpacked rar archive
mkdir upload
touch upload/{1..51}
[[ $(check_upload upload) == *"51 files"* ]] || wrong "51 files were taken"
rm upload/51
[ -z "$(check_upload upload)" ] || wrong "50 files were refused: $(check_upload upload)"

# An index: its own script, which leaves the folder as it is but for the metadata.
stage=$(dirname "$stage")/stage_index.sh
printf '%s\n' '{"title": "Water", "text": "Water is a liquid."}' > corpus.jsonl
"$SCIEXAM_PROGRAM" index --corpus corpus.jsonl --out index > index.txt 2>&1 || wrong "no index: $(tail -n 1 index.txt)"
refused 2 '--index is missing' --owner ada
refused 2 'has no index.json' --owner ada --index empty
refused 2 'Kaggle user name' --index index
refused 2 'no name of a licence' --owner ada --index index --licence 'CC "BY"'
taken --owner ada --index index/
grep -q '"id": "ada/sciexam-passage-index"' index/dataset-metadata.json || wrong "the index's slug is not the title's"
taken --owner ada --index index --title 'Wikipedia for exams' # again
grep -q '"id": "ada/wikipedia-for-exams"' index/dataset-metadata.json || wrong "the index's metadata is the old one"
rm index/dataset-metadata.json
printf x >> index/terms.bin
refused 1 'the index is damaged' --owner ada --index index

if [ "$failures" -gt 0 ]; then
  printf '%s of these are wrong\n' "$failures"
  exit 1
fi
printf '%s folders taken, %s refused, 7 kinds of archives seen\n' "$taken" "$refused"
