#!/bin/sh
# segments.sh SOURCE OUTPUT FOLDER ENCODERS SEGMENT_S: a transcode by segment and concat, as done by hand.
# The sound is encoded in one piece beside the pictures; ffmpeg's own number of threads each.
set -eu
source=$1 output=$2 folder=$3 encoders=$4 segment_s=$5
quiet="-nostdin -hide_banner -v error -y"
mkdir -p "$folder"

ffmpeg $quiet -i "$source" -map 0:v:0 -c copy -f segment -segment_time "$segment_s" \
	-segment_format mp4 -reset_timestamps 1 "$folder/in-%05d.mp4"
ffmpeg $quiet -i "$source" -map 0:a:0 -c:a aac -b:a 128k "$folder/sound.m4a" &
sound=$!
cd "$folder"
ls in-*.mp4 | xargs -P "$encoders" -I '{}' \
	ffmpeg $quiet -i '{}' -c:v libx264 -preset medium -crf 23 -pix_fmt yuv420p 'out-{}'
wait "$sound"
ls out-in-*.mp4 | sed "s/.*/file '&'/" > list.txt
ffmpeg $quiet -f concat -i list.txt -i sound.m4a -map 0:v -map 1:a -c copy -movflags +faststart "$output"
