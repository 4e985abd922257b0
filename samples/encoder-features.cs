#!/usr/bin/env dotnet
#:project ../src/ErLoss.SelfSupervised
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies

// How alike are two images to a trained encoder? dotnet run samples/encoder-features.cs -- encoder.safetensors one.jpg other.jpg
// In a program of your own, #:package ErLoss.SelfSupervised@0.1.0 and #:package TorchSharp-cpu@0.107.0 take the place of #:project, and SkiaSharp's packages have a version, @3.119.4.

using ErLoss.SelfSupervised.Weights;
using SkiaSharp;

using TrainedEncoder encoder = EncoderFile.Load(args[0]);
float[] first = Features(args[1]), second = Features(args[2]);
double cosine = Product(first, second) / Math.Sqrt(Product(first, first) * Product(second, second));
Console.WriteLine($"{encoder.FeatureDimension} features, cosine {cosine:f4}");

float[] Features(string file)
{
    using SKBitmap image = Decode(file, encoder.Preprocessing.Background);
    return encoder.Features([.. image.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue])], image.Height, image.Width);
}

static double Product(float[] x, float[] y) => x.Zip(y, (a, b) => (double)a * b).Sum();

// As training reads a file: upright as its EXIF data say, and laid on the background where it is transparent.
static SKBitmap Decode(string file, string background)
{
    using SKCodec codec = SKCodec.Create(file) ?? throw new InvalidDataException($"{file}: no image that can be decoded");
    using SKBitmap stored = SKBitmap.Decode(codec);
    int exif = (int)codec.EncodedOrigin; // from 1 to 8: mirrored along either axis, and from 5 on with rows and columns exchanged
    bool mirrorsX = exif is 2 or 3 or 7 or 8, mirrorsY = exif is 3 or 4 or 6 or 7, transposes = exif >= 5;
    var shown = new SKBitmap(transposes ? stored.Height : stored.Width, transposes ? stored.Width : stored.Height);
    using var canvas = new SKCanvas(shown);
    canvas.Clear(SKColor.Parse(background));
    SKMatrix exchange = transposes ? new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1) : SKMatrix.Identity;
    canvas.SetMatrix(in exchange);
    canvas.Translate(mirrorsX ? stored.Width : 0, mirrorsY ? stored.Height : 0);
    canvas.Scale(mirrorsX ? -1 : 1, mirrorsY ? -1 : 1);
    canvas.DrawBitmap(stored, 0, 0);
    return shown;
}
