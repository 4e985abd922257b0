namespace ErLoss.SelfSupervised.Teachers;

/// <summary>What becomes of a teacher's buffers, such as the running statistics of batch normalisation, when it follows its student.</summary>
public enum TeacherBuffers
{
    /// <summary>They stay the teacher's own, as in BYOL, MoCo and DINO: a teacher in training mode updates its statistics by the batches that it sees.</summary>
    Own,

    /// <summary>They are copied from the student, as <c>AveragedModel</c> of PyTorch does unless told otherwise. For a teacher in evaluation mode.</summary>
    Copied,

    /// <summary>They are averaged as weights are, as in <c>ModelEmaV2</c> of timm; those of integers, such as counters of batches, are copied. For a teacher in evaluation mode.</summary>
    Averaged,
}
