using ErLoss.Modules.Distributed;
using ErLoss.Training;
using ErTraining.CommandLine;
using ErTraining.Ranks;

namespace ErTraining.Tests.Ranks;

/// <summary>The line of an error that some of three ranks have.</summary>
internal sealed class RanksFailedExceptionTests
{
    [TestCase(null, "b", "b", "ranks 1 and 2: b")]
    [TestCase("b", "b", "b", "b")]
    [TestCase(null, "b", "c", "rank 1: b")]
    [TestCase("c", "b", "c", "ranks 0 and 2: c")]
    [TestCase(null, null, "c", "rank 2: c")]
    public void All_ranks_have_the_line_of_the_first_that_failed_and_it_names_those_that_have_the_same(string? first, string? second, string? third, string line)
    {
        IReadOnlyList<ErrorLine> lines = LocalProcessGroup.Run(3, group =>
        {
            string? own = ((string?[])[first, second, third])[group.Rank];
            return Assert.Throws<RanksFailedException>(() => RanksFailedException.ThrowIfAny(group, own is null ? null : new ErrorLine(own, ExitCode.BadInput), isCancelled: false))!.Line;
        });
        Assert.That(lines, Is.All.EqualTo(new ErrorLine(line, ExitCode.BadInput)));
    }
}
