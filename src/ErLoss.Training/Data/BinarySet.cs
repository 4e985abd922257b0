using ErLoss.SelfSupervised.IO;

namespace ErLoss.Training.Data;

/// <summary>Finds image sets in binary files of their own, those of CIFAR and of STL-10.</summary>
internal static class BinarySet
{
    /// <summary>The names of the sets, for messages.</summary>
    public const string Names = "CIFAR-10, CIFAR-100 or STL-10";

    /// <summary>The folder of CIFAR's files and that of STL-10's, of which one at most is there: the directory, or the folder in it that an archive unpacks to.</summary>
    /// <param name="directory">A path; it need not exist.</param>
    /// <exception cref="DataException">There are files of several sets.</exception>
    public static (string? Cifar, string? Stl10) Find(string directory)
    {
        (string? cifar, string? stl10) = (CifarReader.Find(directory), Stl10Reader.Find(directory));
        return cifar is null || stl10 is null ? (cifar, stl10)
            : throw new DataException($"{directory}: files of CIFAR and of {Stl10Reader.Name} are here; wanted those of one of them{(cifar == stl10 ? "" : $", {cifar} or {stl10}")}.");
    }

    /// <summary>Whether there is such a set.</summary>
    /// <param name="directory">As for <see cref="Find"/>.</param>
    /// <exception cref="DataException">There are files of several sets.</exception>
    public static bool IsIn(string directory) => Find(directory) is not (null, null);
}
