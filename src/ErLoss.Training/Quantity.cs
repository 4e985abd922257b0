using System.Globalization;

namespace ErLoss.Training;

/// <summary>Numbers with their nouns, for messages and pages.</summary>
internal static class Quantity
{
    /// <summary>"1 epoch", "4 epochs", "1,000 steps".</summary>
    public static string Of(long number, string noun) => string.Create(CultureInfo.InvariantCulture, $"{number:n0} {noun}{(number == 1 ? "" : "s")}");
}
