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
    using SKBitmap image = Decode(file, session.ModelMetadata.CustomMetadataMap["background"]);
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
