using ErLoss.Training.Compute;
using TorchSharp;
using static TorchSharp.torch;

namespace ErTraining.Tests.Compute;

internal sealed class Tf32Tests
{
    [TestCase(Tf32.None, false, false)]
    [TestCase(Tf32.Convolutions, true, false)]
    [TestCase(Tf32.Products, true, true)]
    [NonParallelizable]
    public void It_is_allowed_in_what_it_says(Tf32 where, bool convolutions, bool products)
    {
        (bool, bool) before = (backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32);
        try
        {
            (backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32) = (!convolutions, !products);
            Devices.AllowTf32(where);
            Assert.That((backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32), Is.EqualTo((convolutions, products)));
        }
        finally
        {
            (backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32) = before;
        }
    }

    [TestCase(DeviceType.CUDA, Precision.Float32, Tf32.Convolutions, "float32 with TF32 in convolutions")]
    [TestCase(DeviceType.CUDA, Precision.Float32, Tf32.Products, "float32 with TF32 in convolutions and products")]
    [TestCase(DeviceType.CUDA, Precision.BFloat16, Tf32.None, "bfloat16 in the encoder's convolutions, else float32 without TF32")]
    [TestCase(DeviceType.CPU, Precision.Float32, Tf32.Convolutions, "float32")]
    [TestCase(DeviceType.CPU, Precision.BFloat16, Tf32.Convolutions, "bfloat16 in the encoder's convolutions, else float32")]
    public void A_run_says_what_it_computes_in(DeviceType device, Precision precision, Tf32 tf32, string words) =>
        Assert.That(Devices.DescribePrecision(device, precision, tf32), Is.EqualTo(words));
}
