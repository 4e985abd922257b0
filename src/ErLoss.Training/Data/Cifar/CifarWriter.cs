using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Writes a data set as CIFAR-10's binary files, which <see cref="CifarReader"/> and other programs read.</summary>
internal static class CifarWriter
{
    /// <summary>Images in one training file; CIFAR-10 has five such files.</summary>
    public const int BatchImages = 10_000;

    /// <summary>
    /// Writes <c>data_batch_1.bin</c> and as many more as the training images fill, <c>test_batch.bin</c> and <c>batches.meta.txt</c>.
    /// Each file is replaced as a whole; training files of an earlier, larger set are removed.
    /// </summary>
    /// <param name="data">1 to 50,000 training images, 1 to 10,000 test images, of 32×32 pixels, the same ten classes in both.</param>
    /// <param name="directory">Created where it is missing.</param>
    /// <exception cref="DataException">The data set does not fit CIFAR-10's files.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">A file may not be written.</exception>
    public static void Write(ImageData data, string directory)
    {
        var format = CifarFormat.Cifar10;
        Require(data.Train.Count, BatchImages * format.TrainFiles.Count, "training images", directory);
        Require(data.Test.Count, BatchImages, "test images", directory);
        if (data.Train.ClassNames.Count != format.DefaultNames.Count || !data.Test.ClassNames.SequenceEqual(data.Train.ClassNames))
        {
            throw new DataException(
                $"{directory}: {data.Train.ClassNames.Count} training and {data.Test.ClassNames.Count} test classes; CIFAR-10 has the same ten.");
        }

        Directory.CreateDirectory(directory);
        for (var batch = 0; batch < format.TrainFiles.Count; batch++)
        {
            var path = Path.Combine(directory, format.TrainFiles[batch]);
            var start = batch * BatchImages;
            if (start < data.Train.Count)
            {
                WriteRecords(data.Train, start, Math.Min(BatchImages, data.Train.Count - start), path);
            }
            else
            {
                File.Delete(path);
            }
        }

        WriteRecords(data.Test, 0, data.Test.Count, Path.Combine(directory, format.TestFile));
        AtomicFile.Write(Path.Combine(directory, format.NamesFile), stream =>
        {
            using var text = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
            foreach (var name in data.Train.ClassNames)
            {
                text.WriteLine(name);
            }
        });
    }

    private static void WriteRecords(ImageSet images, int start, int count, string path) =>
        AtomicFile.Write(path, stream =>
        {
            for (var image = start; image < start + count; image++)
            {
                stream.WriteByte((byte)images.Labels[image]);
                stream.Write(images.Pixels.AsSpan(image * CifarFormat.ImageBytes, CifarFormat.ImageBytes));
            }
        });

    private static void Require(int count, int most, string what, string directory)
    {
        if (count < 1 || count > most)
        {
            throw new DataException($"{directory}: {count} {what}; CIFAR-10's files hold 1 to {most}.");
        }
    }
}
