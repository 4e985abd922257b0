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
    using SKBitmap image = SKBitmap.Decode(file);
    return encoder.Features([.. image.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue])], image.Height, image.Width);
}

static double Product(float[] x, float[] y) => x.Zip(y, (a, b) => (double)a * b).Sum();
