using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// The last projections of past steps, as further centres of the density estimate (<see cref="ProjectedViews.Centers"/>): a small batch's entropy is then
/// estimated from many more rows. A ring buffer: the newest rows take the place of the oldest.
/// </summary>
/// <remarks>
/// <para>It starts empty and grows to its capacity. There are never rows in it that were not put there.</para>
/// <para>
/// Contents and position are buffers, so that <c>state_dict</c>, <c>save</c> and <c>to</c> include them. The position and the ids stay int64, and the position
/// stays on the CPU, where reading it does not make the host wait for a GPU.
/// </para>
/// <para>
/// Of two views of the same images, put in those of one: the other view's rows lie close to them and say little more about the density. If images can come
/// again while they are in the queue, give their ids, so that no image is pushed away from its own past.
/// </para>
/// <para>
/// The entropy is the batch's own only as long as the past rows have the law of the present ones, that is while the encoder changes little in the time that the
/// queue spans; see <see cref="EntropyReconstructionTerms.MutualInformationBound"/>. Where it changes more, all projections together can move away from the
/// past instead of spreading. With a teacher, put the teacher's projections in: they change less.
/// </para>
/// </remarks>
/// <example>
/// <code>
/// using var queue = new ProjectionQueue(capacity: 4096, dimension: 128);
/// // in every step; numbers says by int64 which examples the batch holds
/// var terms = loss.terms(new ProjectedViews(z1, z2) { Predictions = [p1, p2], Targets = [t1, t2], Ids = numbers, Centers = [queue.centers()] });
/// queue.enqueue(t1, numbers);
/// </code>
/// </example>
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "It is a queue of tensors, as the field calls it, and no collection of .NET's.")]
public sealed class ProjectionQueue : nn.Module
{
    private const string RowsName = "rows", IdsName = "ids";

    private readonly RingPosition position; // bears the name that it is registered under, so that a module around the queue does not register it once more
    private bool _isDisposed;

    /// <summary>An empty queue.</summary>
    /// <param name="capacity">How many rows it holds at most; at least 1.</param>
    /// <param name="dimension">d of the projections; at least 1.</param>
    /// <param name="dtype">
    /// The type that the rows are stored in. A half type halves the memory; float16 stores numbers above 65,504 as infinite.
    /// </param>
    /// <param name="device">Where the rows are stored; by default on the CPU.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A capacity or a dimension out of its range, or a dtype that is none of float16, bfloat16, float32 and float64.
    /// </exception>
    public ProjectionQueue(long capacity, long dimension, ScalarType dtype = ScalarType.Float32, Device? device = null)
        : base(nameof(ProjectionQueue))
    {
        CheckPositive(capacity);
        CheckPositive(dimension);
        CheckType(dtype);
        (Capacity, Dimension) = (capacity, dimension);
        // As the buffers of TorchSharp's own modules, they outlive a dispose scope that the module is made in.
        register_buffer(RowsName, zeros(capacity, dimension, dtype: dtype, device: CPU).DetachFromDisposeScope());
        register_buffer(IdsName, zeros(capacity, dtype: ScalarType.Int64, device: CPU).DetachFromDisposeScope());
        position = new RingPosition();
        register_module(nameof(position), position);
        if (device is not null)
        {
            this.to(device); // a module that was not moved takes itself to be on the CPU, and does not move there
        }
    }

    /// <summary>How many rows it holds at most.</summary>
    public long Capacity { get; }

    /// <summary>d of the projections.</summary>
    public long Dimension { get; }

    /// <summary>How many rows it holds.</summary>
    /// <exception cref="ObjectDisposedException">The queue is disposed of.</exception>
    public long Count
    {
        get
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return position.Count;
        }
    }

    /// <summary>
    /// The rows that it holds, and their ids if they were given, as further centres: copies without gradient, so that the queue may change before the backward pass.
    /// </summary>
    /// <param name="dtype">The type of the projections that they are centres for; by default the type that the rows are stored in.</param>
    /// <returns>(<see cref="Count"/>, d) rows in no particular order; the caller disposes of the tensors.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A dtype that is none of float16, bfloat16, float32 and float64.</exception>
    /// <exception cref="ObjectDisposedException">The queue is disposed of.</exception>
    public Centers centers(ScalarType? dtype = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (dtype is { } type)
        {
            CheckType(type, nameof(dtype));
        }
        using var scope = NewDisposeScope();
        Tensor rows = get_buffer(RowsName)!, ids = get_buffer(IdsName)!;
        Tensor Copy(Tensor ring, ScalarType type) => ring.detach().narrow(0, 0, position.Count).to(type, copy: true).MoveToOuterDisposeScope();
        return new Centers(Copy(rows, dtype ?? rows.dtype)) { Ids = position.HasIds ? Copy(ids, ids.dtype) : null };
    }

    /// <summary>Puts rows into the queue, in place of the oldest ones if it is full. Of more rows than it can hold, it keeps the last.</summary>
    /// <param name="projections">
    /// (k, d) of any floating-point type, on the queue's device; copied and converted, without gradient. Rows that a <see cref="ProjectedViews.Mask"/> leaves out must not be
    /// among them: a row of NaN would make every loss NaN until others take its place.
    /// </param>
    /// <param name="ids">
    /// (k) of int64: the ids of the rows' examples; see <see cref="ProjectedViews.Ids"/>. A queue holds ids of all its rows or of none.
    /// </param>
    /// <exception cref="ArgumentException">Another shape, type or device; or ids, where the queue holds rows without ids, or the reverse.</exception>
    /// <exception cref="ObjectDisposedException">The queue is disposed of.</exception>
    public void enqueue(Tensor projections, Tensor? ids = null)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Check(projections, ids);
        if (position.Count > 0 && position.HasIds != ids is not null)
        {
            throw new ArgumentException(
                $"The queue holds rows {(position.HasIds ? "with" : "without")} ids; give ids with all rows or with none, or clear the queue first.", nameof(ids));
        }
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        long place = position.Place, all = projections.shape[0], taken = Math.Min(all, Capacity), toEnd = Math.Min(taken, Capacity - place);
        Write(RowsName, projections.detach());
        if (ids is not null)
        {
            Write(IdsName, ids);
        }
        position.Set((place + taken) % Capacity, Math.Min(Capacity, position.Count + taken), ids is not null);

        void Write(string name, Tensor values)
        {
            Tensor ring = get_buffer(name)!, newest = values.narrow(0, all - taken, taken);
            ring.narrow(0, place, toEnd).copy_(newest.narrow(0, 0, toEnd));
            ring.narrow(0, 0, taken - toEnd).copy_(newest.narrow(0, toEnd, taken - toEnd));
        }
    }

    /// <summary>Empties the queue.</summary>
    /// <exception cref="ObjectDisposedException">The queue is disposed of.</exception>
    public void clear()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        position.Set(0, 0, false);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _isDisposed = true;
        base.Dispose(disposing);
    }

    private static void CheckPositive(long value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, $"The {name} is {value}; at least 1 is wanted.");
        }
    }

    private static void CheckType(ScalarType dtype, [CallerArgumentExpression(nameof(dtype))] string? name = null)
    {
        if (dtype is not (ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64))
        {
            throw new ArgumentOutOfRangeException(name, $"The dtype is {dtype}; float16, bfloat16, float32 or float64 is wanted.");
        }
    }

    private void Check(Tensor projections, Tensor? ids)
    {
        Arguments.CheckDense(projections);
        Tensor rows = get_buffer(RowsName)!;
        if (projections.dim() != 2 || projections.shape[1] != Dimension)
        {
            throw new ArgumentException($"The shape is {Arguments.ShapeOf(projections)}; (k, {Dimension}) is wanted.", nameof(projections));
        }
        if (!projections.is_floating_point())
        {
            throw new ArgumentException($"The dtype is {projections.dtype}; a floating-point type is wanted.", nameof(projections));
        }
        Arguments.CheckDevice(projections, rows, "the queue", nameof(projections));
        if (ids is not null)
        {
            RowArguments.CheckVector(ids, projections, projections.shape[0], [ScalarType.Int64], nameof(ids));
        }
    }

    /// <summary>Where the next row goes, how many there are, and whether they have ids: a buffer that stays on the CPU as int64.</summary>
    private sealed class RingPosition : nn.Module
    {
        private const string Name = "state";

        public RingPosition()
            : base(nameof(RingPosition)) =>
            register_buffer(Name, zeros(3, dtype: ScalarType.Int64, device: CPU).DetachFromDisposeScope());

        public long Place => Read(0);

        public long Count => Read(1);

        public bool HasIds => Read(2) != 0;

        public void Set(long place, long count, bool hasIds)
        {
            using var scope = NewDisposeScope();
            get_buffer(Name)!.copy_(tensor([place, count, hasIds ? 1L : 0L], ScalarType.Int64, CPU));
        }

        protected override void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
        {
        }

        private long Read(int index) => get_buffer(Name)!.ReadCpuInt64(index);
    }
}
