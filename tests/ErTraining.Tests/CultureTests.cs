using System.Globalization;

namespace ErTraining.Tests;

[NonParallelizable] // the culture is the process's
internal sealed class CultureTests
{
    [Test]
    public void The_program_writes_numbers_in_one_way_whatever_the_machine_s_language()
    {
        var german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        german.NumberFormat.NumberDecimalSeparator = german.NumberFormat.PercentDecimalSeparator = ",";
        (CultureInfo? before, CultureInfo? ofThreads) = (CultureInfo.CurrentCulture, CultureInfo.DefaultThreadCurrentCulture);
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.DefaultThreadCurrentCulture = german;
            Assert.That($"{0.5:f1}", Is.EqualTo("0,5"));
            Harness.SettleCulture();
            string onThread = "";
            var thread = new Thread(() => onThread = $"{0.5:f1} {0.585:p1}");
            thread.Start();
            thread.Join();
            Assert.That($"{0.5:f1} {0.585:p1}", Is.EqualTo("0.5 58.5 %"));
            Assert.That(onThread, Is.EqualTo("0.5 58.5 %"));
        }
        finally
        {
            (CultureInfo.CurrentCulture, CultureInfo.DefaultThreadCurrentCulture) = (before, ofThreads);
        }
    }
}
