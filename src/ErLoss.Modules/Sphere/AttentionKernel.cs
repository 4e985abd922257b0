namespace ErLoss.Modules;

/// <summary>Attention kernels of libtorch.</summary>
internal enum AttentionKernel
{
    /// <summary>For CPUs, in any floating-point type.</summary>
    Processor,

    /// <summary>For NVIDIA GPUs, float32 and narrower.</summary>
    Efficient,

    /// <summary>For NVIDIA GPUs from compute capability 8.0 on, float16 and bfloat16, up to 256 columns.</summary>
    Flash,

    /// <summary>cuDNN's: as <see cref="Flash"/>, faster, up to 128 columns. Some versions want sequences of a multiple of 128.</summary>
    Cudnn,
}
