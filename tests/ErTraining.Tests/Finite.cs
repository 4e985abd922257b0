using NUnit.Framework.Constraints;

namespace ErTraining.Tests;

/// <summary>
/// Comparisons of computed numbers that hold of finite ones only: NUnit takes NaN to be less than every number, greater than NaN, equal to
/// NaN, and in order before anything.
/// </summary>
internal static class Finite
{
    public static Constraint LessThan(double limit) => Compared(limit, Is.LessThan(limit));

    public static Constraint AtMost(double limit) => Compared(limit, Is.AtMost(limit));

    public static Constraint GreaterThan(double limit) => Compared(limit, Is.GreaterThan(limit));

    public static Constraint AtLeast(double limit) => Compared(limit, Is.AtLeast(limit));

    /// <summary>As near to another number as the tolerance says.</summary>
    public static Constraint Near(double expected, double tolerance) => Compared(expected, Is.EqualTo(expected).Within(tolerance));

    /// <summary>As near to other numbers, one by one, as the tolerance says.</summary>
    public static Constraint Near(IEnumerable<double> expected, double tolerance)
    {
        double[] wanted = [.. expected];
        Assert.That(wanted, Is.Not.Empty.And.All.Matches<double>(double.IsFinite), "what is compared with");
        return Is.EqualTo(wanted).Within(tolerance);
    }

    /// <summary>Numbers each of which is greater than the one before it, or the same.</summary>
    public static Constraint Rising() => new AllItemsConstraint(IsFinite()) & Is.Ordered;

    /// <summary>Numbers each of which is less than the one before it, or the same.</summary>
    public static Constraint Falling() => new AllItemsConstraint(IsFinite()) & Is.Ordered.Descending;

    private static Constraint Compared(double with, Constraint comparison)
    {
        Assert.That(double.IsFinite(with), $"{with} is compared with, and is no finite number");
        return IsFinite() & comparison;
    }

    private static PredicateConstraint<double> IsFinite() => new(double.IsFinite);
}
