using ErTraining.CommandLine;

namespace ErTraining.Tests.CommandLine;

internal sealed class TimeLimitTests
{
    private static readonly TimeSpan s_overAlready = TimeSpan.FromMilliseconds(1); // of the process, which has taken more than that

    [Test]
    public void Once_the_time_is_over_the_command_ends_with_a_code_of_its_own_whatever_signal_follows()
    {
        using var interrupt = new CancellationTokenSource();
        using var limit = new TimeLimit(s_overAlready, interrupt.Token);
        Assert.That(limit.Token.WaitHandle.WaitOne(TimeSpan.FromMinutes(1)));
        interrupt.Cancel(); // as a scheduler does while the checkpoint is being written
        Assert.That((limit.ExitCode, limit.Reason), Is.EqualTo((75, "The time of --max-time is over")));
    }

    [Test]
    public void An_interrupt_before_that_is_an_interrupt()
    {
        using var interrupt = new CancellationTokenSource();
        using var limit = new TimeLimit(TimeSpan.FromDays(49), interrupt.Token);
        Assert.That(limit.Token.IsCancellationRequested, Is.False);
        interrupt.Cancel();
        Assert.That(limit.Token.IsCancellationRequested);
        Assert.That((limit.ExitCode, limit.Reason), Is.EqualTo((130, "Interrupted")));
    }

    [Test]
    public void It_stays_one_when_the_time_is_over_then()
    {
        using var limit = new TimeLimit(s_overAlready, new CancellationToken(canceled: true));
        Assert.That(limit.ExitCode, Is.EqualTo(130));
    }
}
