using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Tensors of several views as one, so that what is done to each of them takes one operator.</summary>
internal static class ViewBatch
{
    // Numbers up to which it pays: what the copy takes is then less than what so many calls take.
    private const long MostOnCpu = 1 << 16, MostElsewhere = 1 << 22;

    /// <summary>
    /// Their stack, (v, k, d). Null of a single tensor, where they are large, or where some but not all have a gradient, so that none is computed that was not asked for.
    /// </summary>
    /// <param name="views">(k, d) each, of one type.</param>
    public static Tensor? Of(IReadOnlyList<Tensor> views)
    {
        long most = views[0].device_type == DeviceType.CPU ? MostOnCpu : MostElsewhere;
        return views.Count > 1 && views.Count * views[0].numel() <= most && views.All(view => view.requires_grad == views[0].requires_grad) ? stack(views) : null;
    }
}
