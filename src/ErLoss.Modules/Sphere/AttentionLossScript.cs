namespace ErLoss.Modules;

/// <summary>
/// The loss of two views, or the entropy of any number, as one function, value and derivatives, after the functions of <see cref="AttentionScripts"/>: a GPU's host then makes one call instead of forty, which decides the
/// time of small batches.
/// </summary>
/// <remarks>
/// <para>
/// The views are the batch, both orders of rows are the heads. As the loss normalises the rows, what is along a row is left out of its gradient, and so is the own kernel's share; see
/// <see cref="KernelEntropy"/>.
/// </para>
/// <para>
/// With l_i a row's log-sum, the second pass of Joe's estimate has c_j ∝ exp(−l_j). Where the own kernel is kept, exp(κ − l_j) is between 1/k and 1 and multiplies the values, 256 times as large so that they are no subnormal numbers of float16;
/// left out, it can be any number, and its logarithm enters the exponents. The plug-in estimate has c_j ∝ b_j = 1 + l_j − log n + H, whatever is left out, since its weights are ∝ exp(l_j).
/// </para>
/// <para>
/// Further centres without gradient are the same for all views, whose rows meet them in one call. Its output, a mean of the centres, is rescaled to the rows' whole sums, so that there is no second pass for them.
/// </para>
/// </remarks>
internal static class AttentionLossScript
{
    /// <summary>The functions <c>loss</c> and those it calls.</summary>
    /// <remarks>
    /// Of <c>x</c>, (2, k, d), <c>loss</c> returns where <c>apart</c>: entropy, plain entropy, reconstruction, the gradients of entropy and reconstruction in x, the derivative of the entropy in
    /// κ and Σ_i z_i·z'_i; else the weighted difference in place of the first three, one gradient, and the difference's derivative in κ. Without <c>gradient</c> the values alone. Where
    /// <c>alone</c>, x is of any number of views, and what belongs to the reconstruction is left out. The numbers are those of <see cref="AttentionLossNumbers"/>, those of <see cref="RowOrders"/>, which fill sequences up at their end, and <c>zero</c> is zero. <c>further</c> are the directions of further centres, (m, d).
    /// </remarks>
    public const string Source = """
        def both_orders(rows: Tensor, places: Tensor) -> Tensor:
            return torch.index_select(rows, 1, places).unflatten(1, [2, -1])


        def inner(rows: Tensor, first: int, count: int, d: int) -> Tensor:
            return part(part(rows, 2, first, count), 3, 0, d)


        def second_pass(h: Tensor, factors: Tensor, length: int, dtype: int, scale: float) -> Tensor:
            values = h * factors.to(dtype).unsqueeze(3)
            return attend(part(h, 2, 1, length), part(h, 2, 0, length), part(values, 2, 0, length), True, scale)[0]


        def second_pass_of_logarithms(h: Tensor, t: Tensor, top: Tensor, d: int, length: int, dtype: int) -> Tuple[Tensor, Tensor]:
            relative = torch.clamp_min(top - t, -6e4)
            head = relative.to(dtype).to(t.dtype)
            queries = h.clone()
            part(queries, 3, d, 2).fill_(1)
            keys = h.clone()
            part(keys, 3, d, 2).copy_(torch.stack([head, relative - head], 3))
            return attend(part(queries, 2, 1, length), part(keys, 2, 0, length), part(h, 2, 0, length), True, 1.0)


        def tangential(g: Tensor, along: Tensor, z: Tensor, scale: Tensor, factor: Optional[Tensor]) -> Tensor:
            g = g.addcmul_(z, along, value=-1)
            return g.div_(scale) if factor is None else g.mul_(factor / scale)


        def loss(
                x: Tensor, places: Tensor, zero: Tensor, kappa: Tensor, root: Optional[Tensor], met: Optional[Tensor], after: Optional[Tensor], decoder: Optional[Tensor], further: Optional[Tensor],
                joe: bool, leave_out: bool, apart: bool, alone: bool, plain: bool, gradient: bool, learnt: bool, clamp: bool, dtype: int, columns: int, multiple: int,
                normal: float, least: float, log_count: float, log_rows: float, scale: float, shift: float, entropy_weight: float, agreement_factor: float, gradient_factor: float,
                met_factor: float, factor: float, slope_factor: float, share_factor: float
        ) -> List[Tensor]:
            k = x.size(1)
            d = x.size(2)
            if k == 0:
                return [x]
            largest = torch.linalg_vector_norm(x, float("inf"), [2], True)
            z = x / torch.clamp_min(largest, least)
            # Infinite for a row of zeros, which then stays the zero vector, and whose gradient is zero.
            norms = torch.threshold(torch.linalg_vector_norm(z, 2.0, [2], True), 0.5, float("inf"))
            z = z.div_(norms)

            length = places.size(0) // 2 - 1
            width = up(d + (2 if joe and leave_out and gradient else 0), columns)
            h = both_orders((z if root is None else z * root).to(dtype), places)
            if width > d:
                h = torch.constant_pad_nd(h, [0, width - d])
            keys = part(h, 2, 0, length)
            output, padded = attend(part(h, 2, 1, length), keys, keys, True, scale)
            sums = part(padded, 2, 0, k - 1).to(x.dtype)
            later = torch.flip(sums[:, 1], [1])
            present = torch.gt(largest, 0).squeeze(2)
            l = torch.full([x.size(0), k], -float("inf"), dtype=x.dtype, device=x.device) if leave_out else present * kappa
            after_first = part(l, 1, 1, k - 1)
            torch.logaddexp(after_first, sums[:, 0], out=after_first)
            before_last = part(l, 1, 0, k - 1)
            torch.logaddexp(before_last, later, out=before_last)
            means_of_further, sums_of_further = z, l
            if further is not None:
                means_of_further, sums_of_further = centers(z.reshape([-1, d]), further, kappa, None, None, dtype, columns, multiple)
                sums_of_further = sums_of_further.reshape([-1, k])
                torch.logaddexp(l, sums_of_further, out=l)

            # The entropy's negative, and of the plug-in estimate 1 + l − log n + H as well.
            b = l
            level = l
            if joe:
                negative = l.mean() - log_count
            else:
                log_shares = torch.log_softmax(l, 1)
                means = torch.sum(torch.exp(log_shares) * l, [1], True)
                negative = means.mean() - log_count
                b = l - (means - 1)
                level = part(l, 1, 0, 1) - part(log_shares, 1, 0, 1)
            plain_entropy = negative
            if plain:
                everything = torch.logaddexp(l, present * kappa)
                densities = everything - log_rows
                plain_entropy = -(densities.mean() if joe else torch.sum(torch.softmax(densities, 1) * densities, [1]).mean())
            cross = negative
            if alone:
                values = [-negative, plain_entropy]
            else:
                cross = torch.dot(z[0].reshape(-1), z[1].reshape(-1))
                if apart:
                    values = [-negative, plain_entropy, (cross if decoder is None else cross * decoder) * agreement_factor]
                else:
                    weighed = negative if entropy_weight == 1.0 else negative * entropy_weight
                    values = [torch.add(weighed, cross if decoder is None else cross * decoder, alpha=agreement_factor)]
            if not gradient:
                return values

            n = k - 1
            share = cross
            if joe and leave_out:
                t = both_orders(l, places)
                e = torch.exp(sums - part(t, 2, 1, n))
                top = torch.amin(l, [1], True).unsqueeze(2)
                second, logarithms = second_pass_of_logarithms(h, t, top, d, length, dtype)
                e2 = torch.exp(part(logarithms, 2, 0, n).to(x.dtype) - top)
            elif joe:
                t = both_orders(l, places)
                e = torch.exp(sums - part(t, 2, 1, n))
                f = torch.rsub(t, shift) if after is None else (kappa + shift) - t
                f = torch.exp(torch.clamp_max(f, 5.545177444479562) if clamp else f)
                e2 = e / part(f, 2, 1, n)
                second = second_pass(h, f, length, dtype, scale)
                if learnt:
                    share = torch.sum(part(f[:, 0], 1, 0, k) * present)
            else:
                f = both_orders(b, places)
                e2 = torch.exp(sums - level.unsqueeze(2))
                e = e2 * part(f, 2, 1, n)
                second = second_pass(h, f, length, dtype, scale)
                if learnt:
                    share = torch.sum(torch.exp(present * kappa - level) * b * present)
            parts = (inner(output, 0, n, d) * e.unsqueeze(3)).addcmul_(inner(second, 0, n, d), e2.unsqueeze(3))
            other = z if alone else torch.flip(z, [0])
            if apart:
                total = torch.zeros_like(z)
            elif met is not None:
                total = other * met
            else:
                total = other if met_factor == 1.0 else other * met_factor
            part(total, 1, 1, n).add_(parts[:, 0], alpha=factor)
            part(total, 1, 0, n).add_(torch.flip(parts[:, 1], [1]), alpha=factor)
            along_further = cross
            if further is not None:
                e = torch.exp(sums_of_further - level)
                e = e if joe else e * b
                part_of_further = means_of_further.reshape([-1, k, d]) * (e if root is None else e * root).unsqueeze(2)
                total.add_(part_of_further, alpha=factor)
                if learnt:
                    along_further = torch.sum(part_of_further * z)
            along = torch.sum(total * z, [2], True)
            sizes = torch.clamp_min(largest, normal)
            values.append(tangential(total, along, z, torch.addcmul(zero, norms, sizes, value=1 / gradient_factor), after))
            slope = cross
            if learnt:
                # Two rows are twice in it and once in the value; a row and a further centre are in each once.
                slope = along.sum()
                if further is not None:
                    slope = torch.add(slope, along_further, alpha=factor)
                slope = torch.add(slope / root if root is not None else slope, share, alpha=share_factor)
                slope = slope * slope_factor
            if alone:
                return values + [slope]
            if apart:
                values.append(tangential(other, torch.sum(other * z, [2], True), z, torch.addcmul(zero, norms, sizes, value=1 / agreement_factor), decoder))
            return values + [slope, cross]


        """;
}
