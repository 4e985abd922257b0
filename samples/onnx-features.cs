#!/usr/bin/env dotnet
#:package Microsoft.ML.OnnxRuntime
#:package SkiaSharp
#:package SkiaSharp.NativeAssets.Linux.NoDependencies
#:property TorchRuntime=none

// The same without libtorch: dotnet run samples/onnx-features.cs -- encoder.onnx one.jpg other.jpg
// In a program of your own, the packages have versions, Microsoft.ML.OnnxRuntime@1.31.1 and @3.119.4 for SkiaSharp's, and the line of TorchRuntime goes.

using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using SkiaSharp;

using var session = new InferenceSession(args[0]);
int size = int.Parse(session.ModelMetadata.CustomMetadataMap["image_size"]);
float[] first = Features(args[1]), second = Features(args[2]);
double cosine = Product(first, second) / Math.Sqrt(Product(first, first) * Product(second, second));
Console.WriteLine($"{first.Length} features, cosine {cosine:f4}");

float[] Features(string file)
{
    using SKBitmap image = SKBitmap.Decode(file);
    int side = Math.Min(image.Width, image.Height);
    using var square = new SKBitmap(size, size);
    using (var canvas = new SKCanvas(square))
    using (SKImage source = SKImage.FromBitmap(image))
    {
        SKRectI middle = SKRectI.Create((image.Width - side) / 2, (image.Height - side) / 2, side, side);
        canvas.DrawImage(source, middle, new SKRect(0, 0, size, size), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
    }
    byte[] pixels = [.. square.Pixels.SelectMany(pixel => (byte[])[pixel.Red, pixel.Green, pixel.Blue])]; // the preprocessing is in the file
    using var outputs = session.Run([NamedOnnxValue.CreateFromTensor("pixels", new DenseTensor<byte>(pixels, [1, size, size, 3]))]);
    return [.. outputs[0].AsEnumerable<float>()];
}

static double Product(float[] x, float[] y) => x.Zip(y, (a, b) => (double)a * b).Sum();
