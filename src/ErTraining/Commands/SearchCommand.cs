using System.CommandLine;
using ErLoss.SelfSupervised.Encoders;
using ErLoss.SelfSupervised.Evaluation;
using ErLoss.SelfSupervised.IO;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErLoss.Training.Data;
using ErLoss.Training.Embeddings;
using ErTraining.CommandLine;
using ErTraining.Reports;
using ErTraining.Terminal;
using static TorchSharp.torch;

namespace ErTraining.Commands;

/// <summary><c>search</c>: finds the images of a folder whose features are nearest to those of an image.</summary>
internal static class SearchCommand
{
    /// <summary>More would be a page that nobody looks through.</summary>
    private const int MostMatches = 1000;

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create(Registry registry)
    {
        var encoder = new EncoderOptions(registry);
        Option<string?> data = ListedImages.Option("All images in it and in the folders within are searched.");
        Option<string?> image = Options.Text("--image", $"The image to look for: a {ImageFormats.Names} file.", "FILE");
        image.Required = true;
        Option<int> top = Options.Number("--top", "Number of images to find.", "N", n => n is >= 1 and <= MostMatches, $"a whole number from 1 to {MostMatches}", 10);
        Option<string?> output = Options.Text("--output", "HTML page to write, which shows the images.", "FILE", "search.html");
        var command = new Command("search", "Find the images of a folder that a trained encoder takes for most alike to an image: those whose features have the largest cosine with its features.");
        foreach (Option option in (IEnumerable<Option>)[.. encoder.All, data, image, top, output])
        {
            command.Add(option);
        }
        command.SetAction((parsed, cancellation) => Task.FromResult(OutOfMemory.InOneLine(
            () => Run(parsed, encoder, parsed.GetValue(data)!, parsed.GetValue(image)!, parsed.GetValue(top), parsed.GetValue(output)!, cancellation), "fewer images need less memory")));
        return command;
    }

    private static int Run(ParseResult parsed, EncoderOptions options, string data, string image, int top, string output, CancellationToken cancellation)
    {
        OutputFile.Prepare(output);
        using ChosenEncoder encoder = options.Load(parsed);
        byte[] query = new byte[ImageSet.BytesAt(encoder.Settings.Data.ImageSize)];
        new ImageDecoder(encoder.Settings.Data.Decoding(encoder.NameOf)).Read(image, query);
        ImageListing images = ListedImages.Open(encoder, data, cancellation);
        ((int Index, double Cosine)[] nearest, List<UnreadableImage> leftOut) = Find(encoder, images, query, top, cancellation);
        ListedImages.TellLeftOut(images, leftOut, data);
        SearchPage.Match[] matches = [.. nearest.Select(near => Match(images, near.Index, near.Cosine))];
        foreach (SearchPage.Match match in matches)
        {
            Console.WriteLine($"{match.Cosine:f4}  {OneLine.Format(match.File ?? match.Image.Path)}");
        }
        string searched = $"{Quantity.Of(images.Images.Count - leftOut.Count, "image")} of {data}; {encoder.Name}, {encoder.Source}";
        OutputFile.Write(output, () => SearchPage.Write(output, image, Png(query, images.ImageSize), matches, searched));
        Console.WriteLine($"The page is {output}.");
        return ExitCode.Success;
    }

    /// <summary>The nearest images, nearest first, of equally near ones the first; and those that could not be read.</summary>
    private static ((int Index, double Cosine)[] Nearest, List<UnreadableImage> LeftOut) Find(ChosenEncoder encoder, ImageListing images, byte[] query, int count, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var work = new ActivityLine("computing features");
        Tensor pixels = tensor(query, device: encoder.Device).view(1, ImageSet.Channels, images.ImageSize, images.ImageSize);
        Tensor wanted = Features.Compute(encoder.Encoder, pixels, encoder.Preprocessing, progress: null, cancellation);
        Require(wanted);
        var best = new List<(int Index, double Cosine)>();
        var leftOut = new List<UnreadableImage>();
        ImageFeatures.Compute(encoder.Encoder, encoder.Preprocessing, encoder.Device, images, first: 0, batch =>
        {
            leftOut.AddRange(batch.LeftOut);
            int[] indices = [.. batch.Images];
            if (indices.Length == 0)
            {
                return;
            }
            Require(batch.Features);
            (Tensor cosines, Tensor rows) = NearestNeighbours.Find(batch.Features, wanted, Math.Min(count, indices.Length));
            best.AddRange(rows.cpu().data<long>().ToArray().Zip(cosines.cpu().data<float>().ToArray(), (row, cosine) => (indices[row], (double)cosine)));
            best = [.. best.OrderByDescending(match => match.Cosine).ThenBy(match => match.Index).Take(count)];
        }, work, cancellation);
        return ([.. best], leftOut);

        void Require(Tensor features)
        {
            if (!features.isfinite().all().item<bool>())
            {
                throw new DataException($"{encoder.Source}: the encoder's features are not all finite numbers; wanted the weights of a run that went well.");
            }
        }
    }

    private static SearchPage.Match Match(ImageListing images, int index, double cosine)
    {
        byte[] pixels = new byte[images.ImageBytes];
        images.Read(index, count: 1, pixels);
        return new SearchPage.Match(images.Images[index], images.FileOf(index), cosine, Png(pixels, images.ImageSize));
    }

    private static byte[] Png(byte[] pixels, int size)
    {
        using var scope = NewDisposeScope();
        return ImageSheet.Png(Pixels.ToUnit(tensor(pixels, device: CPU).view(1, ImageSet.Channels, size, size)));
    }
}
