using System.CommandLine;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ErLoss.Modules.Distributed;
using ErLoss.Training;
using ErLoss.Training.Compute;
using ErTraining.CommandLine;
using static TorchSharp.torch;

namespace ErLoss.Benchmarks;

/// <summary><c>scaling-rank</c>: a rank of <c>scaling</c>, which mpirun starts. It does what it is told through a socket until that is closed.</summary>
internal static class ScalingRank
{
    /// <summary>The command's name.</summary>
    public const string Name = "scaling-rank";

    /// <summary>The command as the command line knows it.</summary>
    public static Command Create()
    {
        Option<int> port = Options.Number("--port", "Where orders come from.", "N", n => n is >= 1 and <= 65535, "a whole number from 1 to 65535", 1);
        Option<int> threads = ScalingOptions.Threads();
        var options = new ScalingOptions();
        var command = new Command(Name, "A rank of scaling, which starts it.") { port, threads };
        command.Hidden = true;
        options.AddTo(command);
        command.SetAction(parsed =>
        {
            set_num_threads(parsed.GetValue(threads));
            Serve(parsed.GetValue(port), options.Read(parsed));
            return ExitCode.Success;
        });
        return command;
    }

    private static void Serve(int port, ScalingSubject subject)
    {
        ProcessGroup world = MpiProcessGroup.Initialize();
        var group = new MeasuredGroup(world);
        Device device = SharedOptions.FindDevice(new ComputeSettings { Device = subject.Device }, world.Rank);
        using var workloads = new ScalingWorkloads(subject, device, world.Size > 1 ? group : null);
        using var client = new TcpClient();
        client.Connect(IPAddress.Loopback, port);
        using var orders = new StreamReader(client.GetStream());
        using var replies = new StreamWriter(client.GetStream()) { AutoFlush = true };
        while (orders.ReadLine() is { } line)
        {
            ScalingOrder order = JsonSerializer.Deserialize<ScalingOrder>(line)!;
            replies.WriteLine(JsonSerializer.Serialize(order.Work == ScalingWork.Memory ? MeasureMemory(order) : Measure(order)));
        }

        ScalingReply Measure(ScalingOrder order)
        {
            Action work = workloads.Of(order.Work, order.Rows);
            BenchmarkDevice.Synchronize(device);
            world.Barrier();
            group.Reset();
            group.MeetsFirst = order.MeetsFirst;
            var watch = Stopwatch.StartNew();
            for (int i = 0; i < order.Repetitions; i++)
            {
                using var scope = NewDisposeScope();
                work();
            }
            BenchmarkDevice.Synchronize(device);
            return new ScalingReply(world.Rank, watch.Elapsed.TotalSeconds / order.Repetitions, group.Counts, 0);
        }

        ScalingReply MeasureMemory(ScalingOrder order)
        {
            const int Few = 64;
            Once(Few * world.Size); // loads and compiles what is not the loss's own
            workloads.Of(ScalingWork.Loss, order.Rows); // its inputs do not count
            using var process = Process.GetCurrentProcess();
            long before = process.WorkingSet64;
            Once(order.Rows);
            process.Refresh();
            return new ScalingReply(world.Rank, 0, group.Counts, Math.Max(0, process.PeakWorkingSet64 - before));
        }

        void Once(int rows)
        {
            Action loss = workloads.Of(ScalingWork.Loss, rows);
            using var scope = NewDisposeScope();
            loss();
        }
    }
}
