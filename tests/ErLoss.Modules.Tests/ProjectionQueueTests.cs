using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace ErLoss.Modules.Tests;

/// <summary>The queue as a ring of rows and as a module: what it holds, in which type and where, and what it keeps of it.</summary>
internal sealed class ProjectionQueueTests : TensorTests
{
    private const int Dimension = 3;

    private static readonly Device s_meta = new("meta");

    // Against a list that the oldest rows are taken from. The sizes go over the end in all ways: up to it, across it, by a whole round, by more, and by nothing.
    [Test]
    public void ItHoldsTheLastRowsThatWerePutInWithTheirIds([Values(1, 4, 7)] int capacity, [Values] bool withIds)
    {
        using var queue = new ProjectionQueue(capacity, Dimension);
        var last = new List<long>();
        long next = 1;
        foreach (int count in (int[])[3, 1, 0, 2, 4, 7, 5, 9, 14, 1, 6, 20, 2])
        {
            long[] numbers = [.. Enumerable.Range(0, count).Select(i => next + i)];
            next += count;
            queue.enqueue(Rows(numbers), withIds ? tensor(numbers) : null);
            last = [.. last.Concat(numbers).TakeLast(capacity)];
            using Tensor rows = queue.centers().Rows;
            using Tensor? ids = queue.centers().Ids;
            Assert.That(queue.Count, Is.EqualTo(last.Count));
            Assert.That(rows.shape, Is.EqualTo(new long[] { last.Count, Dimension }));
            Assert.That(NumbersOf(rows), Is.EquivalentTo(last), "rows");
            Assert.That(ids is null, Is.EqualTo(!withIds));
            Assert.That(IdsOf(ids), withIds ? Is.EqualTo(NumbersOf(rows)) : Is.Null, "ids beside their rows");
        }
        queue.clear();
        Assert.That(queue.Count, Is.Zero);
        Assert.That(queue.centers().Rows.shape, Is.EqualTo(new long[] { 0, Dimension }));
        queue.enqueue(Rows(99), withIds ? null : tensor([99L]));
        Assert.That(NumbersOf(queue.centers().Rows), Is.EqualTo((long[])[99]), "after clearing, and with ids where there were none");
    }

    [Test]
    public void CentersAreCopiesWithoutGradient()
    {
        using var queue = new ProjectionQueue(2, Dimension);
        Tensor given = Rows(1, 2).requires_grad_();
        queue.enqueue(given, tensor([1L, 2L]));
        Centers before = queue.centers();
        queue.enqueue(Rows(3, 4), tensor([3L, 4L]));
        using (no_grad())
        {
            given.fill_(0);
        }
        Assert.That(NumbersOf(before.Rows), Is.EqualTo((long[])[1, 2]));
        Assert.That(IdsOf(before.Ids), Is.EqualTo((long[])[1, 2]));
        Assert.That(NumbersOf(queue.centers().Rows), Is.EqualTo((long[])[3, 4]));
        Assert.That(before.Rows.requires_grad, Is.False);
    }

    // Numbers that a half type holds exactly come back exactly; others are rounded to it.
    [Test]
    public void RowsAreStoredInItsTypeAndComeInTheTypeThatIsAskedFor(
        [Values(ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64)] ScalarType stored,
        [Values(ScalarType.Float16, ScalarType.Float32, ScalarType.Float64)] ScalarType given)
    {
        using var queue = new ProjectionQueue(4, Dimension, stored);
        Tensor rows = tensor((double[])[1, -0.5, 1.0 / 3], [1, 3]).to(given);
        queue.enqueue(rows);
        Tensor expected = rows.to(stored);
        Assert.That(queue.centers().Rows.dtype, Is.EqualTo(stored));
        Assert.That(queue.centers(ScalarType.Float32).Rows.dtype, Is.EqualTo(ScalarType.Float32));
        Assert.That(queue.centers(ScalarType.Float64).Rows.ToMatrix(), Is.EqualTo(expected.ToMatrix()));
    }

    // In a module of its owner's as well, which looks for components among its fields.
    [Test]
    public void WhateverItIsMovedOrConvertedToPositionAndIdsStayAsTheyAre([Values] bool within)
    {
        var queue = new ProjectionQueue(4, Dimension);
        using Module outer = within ? new Owner(queue) : queue;
        string prefix = within ? "queue." : "";
        queue.enqueue(Rows(1, 2, 3, 4, 5), tensor([1L, 2, 3, 4, 5])); // the fifth takes the place of the first
        string[] names = [$"{prefix}rows", $"{prefix}ids", $"{prefix}position.state"];
        Assert.That(outer.state_dict().Keys, Is.EqualTo(names));

        outer.to(ScalarType.BFloat16);
        AssertTypes(ScalarType.BFloat16, DeviceType.CPU);
        Assert.That(NumbersOf(queue.centers().Rows), Is.EquivalentTo((long[])[2, 3, 4, 5]));
        outer.to(ScalarType.Float64);
        outer.to(CPU);
        AssertTypes(ScalarType.Float64, DeviceType.CPU);
        queue.enqueue(Rows(6), tensor([6L]));
        Assert.That(NumbersOf(queue.centers().Rows), Is.EquivalentTo((long[])[3, 4, 5, 6]), "the second row was the oldest");

        outer.to(s_meta, ScalarType.Float32);
        AssertTypes(ScalarType.Float32, DeviceType.META);
        queue.enqueue(empty(9, Dimension, device: s_meta), empty(9, dtype: ScalarType.Int64, device: s_meta)); // whatever reads a value of that device throws
        Assert.That((queue.Count, queue.centers().Rows.device_type), Is.EqualTo((4L, DeviceType.META)));

        void AssertTypes(ScalarType ofRows, DeviceType device) => Assert.That(
            outer.state_dict().Values.Select(buffer => (buffer.dtype, buffer.device_type)),
            Is.EqualTo(((ScalarType, DeviceType)[])[(ofRows, device), (ScalarType.Int64, device), (ScalarType.Int64, DeviceType.CPU)]));
    }

    [Test]
    public void ItIsMadeOnADeviceAndMovesFromThere()
    {
        using var queue = new ProjectionQueue(4, Dimension, device: s_meta);
        Assert.That(queue.centers().Rows.device_type, Is.EqualTo(DeviceType.META));
        Assert.That(() => queue.enqueue(Rows(1)), Throws.ArgumentException.With.Message.Contains("that of the queue, meta, is wanted"));
        Assert.That(() => queue.cpu(), Throws.Exception, "libtorch has no values to copy from there, so that it did try");
    }

    [Test]
    public void ItIsMadeOnTheCpuWhateverTheDefaultDeviceIs()
    {
        Device before = get_default_device();
        set_default_device(s_meta);
        try
        {
            using var queue = new ProjectionQueue(2, Dimension);
            queue.enqueue(tensor((float[])[1, 1, 1, 2, 2, 2, 3, 3, 3], [3, 3], device: CPU));
            Assert.That(NumbersOf(queue.centers().Rows), Is.EquivalentTo((long[])[2, 3]));
        }
        finally
        {
            set_default_device(before);
        }
    }

    // In the midst of a run: the copy goes on as the first does, also over the end.
    [Test]
    public void ARestoredQueueGoesOnAsTheFirst([Values] bool byFile, [Values(0, 2, 5)] int before, [Values(ScalarType.Float32, ScalarType.BFloat16)] ScalarType dtype, [Values] bool withIds)
    {
        using ProjectionQueue queue = new(4, Dimension, dtype), restored = new(4, Dimension, dtype);
        Put(queue, 1, before);
        restored.enqueue(Rows(50, 51, 52)); // is to be forgotten
        if (byFile)
        {
            using var stream = new MemoryStream();
            using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
            {
                queue.save(writer);
            }
            stream.Position = 0;
            restored.load(stream);
        }
        else
        {
            restored.load_state_dict(queue.state_dict());
        }
        AssertSame();
        foreach (int count in (int[])[1, 3, 2])
        {
            Put(queue, 10 * count, count);
            Put(restored, 10 * count, count);
            AssertSame();
        }

        void Put(ProjectionQueue to, long first, int count)
        {
            long[] numbers = [.. Enumerable.Range(0, count).Select(i => first + i)];
            to.enqueue(Rows(numbers), withIds ? tensor(numbers) : null);
        }

        void AssertSame()
        {
            Centers expected = queue.centers(), actual = restored.centers();
            Assert.That(restored.Count, Is.EqualTo(queue.Count));
            Assert.That(NumbersOf(actual.Rows), Is.EqualTo(NumbersOf(expected.Rows)));
            Assert.That(IdsOf(actual.Ids), Is.EqualTo(IdsOf(expected.Ids)));
        }
    }

    [Test]
    public void CallsLeaveTheirResultsAliveAndNothingElse()
    {
        long none = LiveTensors.Count;
        ProjectionQueue queue;
        using (NewDisposeScope())
        {
            queue = new ProjectionQueue(4, Dimension); // outlives the scope, as TorchSharp's own modules do
        }
        long before = LiveTensors.Count;
        Assert.That(before - none, Is.EqualTo(3));
        using (Tensor rows = Rows(1, 2, 3), ids = tensor([1L, 2L, 3L]))
        {
            queue.enqueue(rows, ids);
            queue.enqueue(rows, ids);
            Assert.That(() => queue.enqueue(rows), Throws.ArgumentException);
        }
        queue.to(ScalarType.Float16);
        Assert.That((queue.Count, LiveTensors.Count), Is.EqualTo((4, before)));
        using (NewDisposeScope())
        {
            queue.centers(ScalarType.Float32);
            Assert.That(LiveTensors.Count, Is.EqualTo(before + 2));
        }
        queue.clear();
        Assert.That(LiveTensors.Count, Is.EqualTo(before));
        queue.Dispose();
        Assert.That(LiveTensors.Count, Is.EqualTo(none));
        foreach (Action call in (Action[])[() => queue.centers(), () => queue.enqueue(Rows(1)), queue.clear, () => _ = queue.Count])
        {
            Assert.That(call, Throws.TypeOf<ObjectDisposedException>());
        }
        Assert.That(queue.Dispose, Throws.Nothing);
    }

    [Test]
    public void WrongArgumentsAreRefusedByNameAndChangeNothing()
    {
        using var queue = new ProjectionQueue(4, Dimension);
        queue.enqueue(Rows(1, 2), tensor([1L, 2L]));
        (Action Call, string Name, string Says)[] calls =
        [
            (() => queue.enqueue(null!), "projections", ""),
            (() => queue.enqueue(ones(2, 4)), "projections", "(2, 4); (k, 3) is wanted"),
            (() => queue.enqueue(ones(3)), "projections", "(3)"),
            (() => queue.enqueue(ones(2, 3, dtype: ScalarType.Int64)), "projections", "a floating-point type"),
            (() => queue.enqueue(empty(2, 3, device: s_meta)), "projections", "cpu, is wanted"),
            (() => queue.enqueue(Rows(3)), "ids", "holds rows with ids"),
            (() => queue.enqueue(Rows(3), tensor([3L, 4L])), "ids", "The shape is (2); (1) is wanted"),
            (() => queue.enqueue(Rows(3), tensor([3])), "ids", "The dtype is Int32; Int64 is wanted"),
            (() => queue.enqueue(Rows(3), empty(1, dtype: ScalarType.Int64, device: s_meta)), "ids", "cpu, is wanted"),
            (() => _ = new ProjectionQueue(0, 3), "capacity", "0"),
            (() => _ = new ProjectionQueue(4, 0), "dimension", "0"),
            (() => queue.centers(ScalarType.Int64), "dtype", "float16, bfloat16, float32 or float64 is wanted"),
            (() => _ = new ProjectionQueue(4, 3, ScalarType.Int64), "dtype", "float16, bfloat16, float32 or float64 is wanted"),
        ];
        Assert.Multiple(() =>
        {
            foreach ((Action call, string name, string says) in calls)
            {
                Assert.That(call, Throws.InstanceOf<ArgumentException>().With.Property(nameof(ArgumentException.ParamName)).EqualTo(name).And.Message.Contains(says));
            }
        });
        Assert.That(NumbersOf(queue.centers().Rows), Is.EqualTo((long[])[1, 2]));
    }

    /// <summary>A row for each number, which is each of its components.</summary>
    private static Tensor Rows(params long[] numbers) => Matrix.Create(numbers.Length, Dimension, (i, _) => numbers[i]).ToTensor(ScalarType.Float32);

    private static long[] NumbersOf(Tensor rows)
    {
        if (rows.shape[0] == 0)
        {
            return [];
        }
        double[,] matrix = rows.ToMatrix();
        Assert.That(Enumerable.Range(0, matrix.GetLength(0)).All(i => matrix[i, 0] == matrix[i, 1] && matrix[i, 1] == matrix[i, 2]), "rows stay whole");
        return [.. Enumerable.Range(0, matrix.GetLength(0)).Select(i => (long)matrix[i, 0])];
    }

    private static long[]? IdsOf(Tensor? ids) => ids is null ? null : ids.shape[0] == 0 ? [] : ids.data<long>().ToArray();

    /// <summary>A module that has a queue as one of its fields.</summary>
    private sealed class Owner : Module
    {
#pragma warning disable IDE0052 // TorchSharp finds it by reflection
        private readonly ProjectionQueue queue;
#pragma warning restore IDE0052

        public Owner(ProjectionQueue queue)
            : base(nameof(Owner))
        {
            this.queue = queue;
            RegisterComponents();
        }
    }
}
