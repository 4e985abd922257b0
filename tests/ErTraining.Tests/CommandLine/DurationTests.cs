using ErTraining.CommandLine;

namespace ErTraining.Tests.CommandLine;

internal sealed class DurationTests
{
    [TestCase("3h50m", 13_800)]
    [TestCase("90m", 5_400)]
    [TestCase("45s", 45)]
    [TestCase("1d12h", 129_600)]
    [TestCase("1h0m1s", 3_601)]
    [TestCase("1:30:00", 5_400)]
    [TestCase("0:00:10", 10)]
    [TestCase("1-12:00:00", 129_600)]
    [TestCase("49d", 4_233_600)]
    public void Times_are_read_as_people_and_schedulers_write_them(string text, int seconds) =>
        Assert.That(Duration.Parse(text)?.TotalSeconds, Is.EqualTo(seconds));

    [TestCase("")]
    [TestCase("90")]
    [TestCase("0s")]
    [TestCase("-1h")]
    [TestCase("1h ")]
    [TestCase("50m3h")]
    [TestCase("1.5h")]
    [TestCase("1:30")]
    [TestCase("1:60:00")]
    [TestCase("50d")]
    [TestCase("99999999999999999999h")]
    [TestCase("forever")]
    public void What_could_mean_two_things_or_nothing_is_not_read(string text) => Assert.That(Duration.Parse(text), Is.Null);
}
