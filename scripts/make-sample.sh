#!/bin/sh
# Makes the sample that the demo publishers send and the small FLV files the tests read. They are kept in the repository: run this only to change them.
# Needs ffmpeg with libx264; the caption needs the DejaVu fonts (Debian: ffmpeg, fonts-dejavu-core).
set -eu
cd "$(dirname "$0")/.."
fixtures=test/fixtures
mkdir -p "$fixtures"

make() { # make <file> <ffmpeg arguments…>
  file=$1
  shift
  # bitexact and one thread: the same file every time. SEI (type 6) is dropped: x264 writes its settings into it.
  ffmpeg -hide_banner -nostdin -loglevel error -y "$@" -threads 1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
    -map_metadata -1 -f flv -flvflags no_duration_filesize "$file"
  printf '%8s  %s\n' "$(wc -c < "$file")" "$file"
}

font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
caption=null
if [ -f "$font" ]; then
  caption="drawtext=fontfile=$font:text=Reprise:fontcolor=white:fontsize=84:x=(w-tw)/2:y=(h-th)/2-18"
  caption="$caption,drawtext=fontfile=$font:text='%{pts\\:hms}':fontcolor=white@0.8:fontsize=26:x=(w-220)/2:y=h/2+48"
fi

# 8 s are 240 frames of video and exactly 375 of audio, and picture and sound end as they begin: the sample loops without a seam or a drift.
gradient="geq=r='96+64*sin(2*PI*(X/W+T/8))':g='84+52*sin(2*PI*(Y/H-T/8)+1)':b='140+60*sin(2*PI*((X+Y)/(W+H)+T/4)+2)'"
picture="color=black:s=160x90:r=30:d=8,format=gbrp,$gradient,scale=640:360:flags=bicubic,noise=alls=4:allf=t,$caption"
chord='0.06*(sin(2*PI*220*t)+sin(2*PI*277*t)+sin(2*PI*330*t))*(0.55-0.45*cos(2*PI*t))'
make src/cli/sample.flv \
  -f lavfi -i "$picture,format=yuv420p[base];color=white@0.9:s=96x6:r=30:d=8[bar];[base][bar]overlay=x='(W+w)*t/8-w':y=H-24,format=yuv420p" \
  -f lavfi -i "aevalsrc='$chord|$chord':s=48000:d=8" \
  -c:v libx264 -profile:v main -preset veryslow -bf 0 -g 30 -keyint_min 30 -sc_threshold 0 -b:v 500k -maxrate 560k -bufsize 560k -bsf:v filter_units=remove_types=6 \
  -c:a aac -b:a 96k -frames:a 375

make $fixtures/h264-high-b-frames-25fps-aac-44100-mono.flv \
  -f lavfi -i testsrc2=s=320x180:r=25:d=4 -f lavfi -i sine=f=440:r=44100:d=4 \
  -c:v libx264 -profile:v high -preset slow -bf 3 -b_strategy 0 -g 50 -sc_threshold 0 -crf 32 -bsf:v filter_units=remove_types=6 -c:a aac -b:a 48k -ac 1

make $fixtures/aac-48000-stereo-only.flv -f lavfi -i "aevalsrc='0.1*sin(2*PI*330*t)|0.1*sin(2*PI*440*t)':s=48000:d=4" -c:a aac -b:a 64k

# Interlaced flags aside, the odd parts of a sequence parameter set: cropping (90 is no multiple of 16), a pixel aspect, a colour description.
make $fixtures/h264-baseline-cropped-wide-pixels-only.flv \
  -f lavfi -i testsrc2=s=162x90:r=30:d=3,setsar=12/11 \
  -c:v libx264 -profile:v baseline -g 30 -sc_threshold 0 -crf 30 -color_primaries smpte170m -color_trc smpte170m -colorspace smpte170m \
  -bsf:v filter_units=remove_types=6
