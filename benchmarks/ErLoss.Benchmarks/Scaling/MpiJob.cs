using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace ErLoss.Benchmarks;

/// <summary>
/// Ranks of this program that mpirun has started, and that do what they are told. They wait for orders in a socket, where they leave the processors to other jobs, and not within MPI, where they
/// would spin.
/// </summary>
internal sealed class MpiJob : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    private readonly Process _launcher;
    private readonly StringBuilder _errors;
    private readonly List<(TcpClient Client, StreamReader Replies, StreamWriter Orders)> _ranks;

    private MpiJob(Process launcher, StringBuilder errors, List<(TcpClient, StreamReader, StreamWriter)> ranks)
    {
        (_launcher, _errors, _ranks) = (launcher, errors, ranks);
    }

    /// <summary>Starts the ranks and waits until all are there.</summary>
    /// <param name="launcher">How.</param>
    /// <param name="layout">How many, with how many threads.</param>
    /// <param name="options">What is measured, for <see cref="ScalingRank"/>.</param>
    /// <exception cref="IOException">They did not start.</exception>
    public static MpiJob Start(MpiStarter launcher, RankLayout layout, IEnumerable<string> options)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var errors = new StringBuilder();
        Process process = launcher.Start(layout, [ScalingRank.Name, "--port", $"{port}", "--threads", $"{layout.Threads}", .. options], line =>
        {
            lock (errors)
            {
                errors.AppendLine(line);
            }
        });
        var job = new MpiJob(process, errors, []);
        try
        {
            Task end = process.WaitForExitAsync();
            while (job._ranks.Count < layout.Ranks)
            {
                Task<TcpClient> rank = listener.AcceptTcpClientAsync();
                if (Task.WaitAny([rank, end], s_patience) != 0)
                {
                    throw job.Failure();
                }
                NetworkStream stream = rank.Result.GetStream();
                job._ranks.Add((rank.Result, new StreamReader(stream), new StreamWriter(stream) { AutoFlush = true }));
            }
            return job;
        }
        catch
        {
            job.Dispose();
            throw;
        }
    }

    /// <summary>Has all ranks do something.</summary>
    /// <returns>What each answers.</returns>
    /// <exception cref="IOException">A rank has ended.</exception>
    public ScalingReply[] Do(ScalingOrder order)
    {
        string line = JsonSerializer.Serialize(order);
        try
        {
            _ranks.ForEach(rank => rank.Orders.WriteLine(line));
            return [.. _ranks.Select(rank => JsonSerializer.Deserialize<ScalingReply>(rank.Replies.ReadLine() ?? throw Failure())!)];
        }
        catch (Exception e) when (e is SocketException or IOException { InnerException: SocketException })
        {
            throw Failure();
        }
    }

    /// <summary>Lets the ranks end.</summary>
    public void Dispose()
    {
        foreach ((TcpClient client, StreamReader replies, StreamWriter orders) in _ranks)
        {
            orders.Dispose();
            replies.Dispose();
            client.Dispose();
        }
        if (!_launcher.WaitForExit(_ranks.Count == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(20)))
        {
            _launcher.Kill(entireProcessTree: true);
        }
        _launcher.Dispose();
    }

    private IOException Failure()
    {
        _launcher.WaitForExit(TimeSpan.FromSeconds(5));
        lock (_errors)
        {
            string said = _errors.ToString().Split('\n')[0].Trim();
            return new IOException($"The ranks did not start, or one has ended.{(said.Length == 0 ? "" : $" The first line of the errors: {said}")}");
        }
    }
}
