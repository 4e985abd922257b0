namespace ErLoss.Training.Data;

/// <summary>
/// How the stored rows and columns of an image are to be shown, as EXIF numbers the eight ways: mirrored along either axis, then with rows and columns
/// exchanged or not.
/// </summary>
/// <param name="MirrorsX">Whether the stored columns run from right to left.</param>
/// <param name="MirrorsY">Whether the stored rows run from bottom to top.</param>
/// <param name="Transposes">Whether a stored row is shown as a column.</param>
internal readonly record struct ImageOrientation(bool MirrorsX, bool MirrorsY, bool Transposes)
{
    /// <summary>The orientation of a number of EXIF's tag 0x0112; a number that is none of the eight means upright, as most programs take it.</summary>
    public static ImageOrientation OfExif(int number) => number is < 1 or > 8 ? default : new(number is 2 or 3 or 7 or 8, number is 3 or 4 or 6 or 7, number >= 5);

    /// <summary>The place in the shown square of the pixel that is stored in a row and a column of it.</summary>
    /// <param name="row">Stored row.</param>
    /// <param name="column">Stored column.</param>
    /// <param name="size">Height and width of the square.</param>
    public int Place(int row, int column, int size)
    {
        int x = MirrorsX ? size - 1 - column : column, y = MirrorsY ? size - 1 - row : row;
        return Transposes ? (x * size) + y : (y * size) + x;
    }

    /// <summary>The first stored column of the centred square. Where the margin is odd, the wider part is on the right of the image as it is shown.</summary>
    public int Left(int width, int side) => MirrorsX ? (width - side + 1) / 2 : (width - side) / 2;

    /// <summary>The first stored row of the centred square, likewise.</summary>
    public int Top(int height, int side) => MirrorsY ? (height - side + 1) / 2 : (height - side) / 2;
}
