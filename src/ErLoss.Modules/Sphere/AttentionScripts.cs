namespace ErLoss.Modules;

/// <summary>TorchScript sources of the evaluation by attention kernels. They are constants, since an error in a source would end the process; the tests compile each.</summary>
/// <remarks>
/// <para>
/// Every function returns at once for a batch of no rows. The first call of each is made so: libtorch records in it which types and shapes occur, finds none, and then leaves the
/// function as it stands. Otherwise it would compile kernels of its own for a GPU at run time, anew for other shapes.
/// </para>
/// <para>
/// No call of an operator may have an empty sequence, which ends the process. Rows and keys of a causal call are equally many, because kernels differ in what they mean by causal else.
/// Rows that fill a sequence up are at its end, where no row before sees them.
/// </para>
/// </remarks>
internal static class AttentionScripts
{
    /// <summary>The source for a kernel.</summary>
    public static string Of(AttentionKernel kernel) => Part + Attend(kernel) + Common + AttentionLossScript.Source;

    // A view of some rows or columns by one operator; narrow is two.
    private const string Part = """
        def part(x: Tensor, dim: int, first: int, count: int) -> Tensor:
            return torch.slice(x, dim, first, first + count)


        """;

    /// <summary>Output and log-sum-exp, (b, h, n), of attention, whose products are multiplied by <c>scale</c>.</summary>
    private static string Attend(AttentionKernel kernel) => kernel switch
    {
        AttentionKernel.Processor => """
            def attend(rows: Tensor, keys: Tensor, values: Tensor, causal: bool, scale: float) -> Tuple[Tensor, Tensor]:
                result = torch._scaled_dot_product_flash_attention_for_cpu(rows, keys, values, 0.0, causal, scale=scale)
                return result[0], result[1]


            """,
        AttentionKernel.Efficient => """
            def attend(rows: Tensor, keys: Tensor, values: Tensor, causal: bool, scale: float) -> Tuple[Tensor, Tensor]:
                result = torch._scaled_dot_product_efficient_attention(rows, keys, values, None, True, 0.0, causal, scale=scale)
                return result[0], part(result[1], 2, 0, rows.size(2))


            """,
        AttentionKernel.Flash => """
            def attend(rows: Tensor, keys: Tensor, values: Tensor, causal: bool, scale: float) -> Tuple[Tensor, Tensor]:
                result = torch._scaled_dot_product_flash_attention(rows, keys, values, 0.0, causal, False, scale=scale)
                return result[0], part(result[1], 2, 0, rows.size(2))


            """,
        _ => """
            def attend(rows: Tensor, keys: Tensor, values: Tensor, causal: bool, scale: float) -> Tuple[Tensor, Tensor]:
                result = torch._scaled_dot_product_cudnn_attention(rows, keys, values, None, True, 0.0, causal, False, scale=scale)
                return result[0], torch.reshape(result[1], [rows.size(0), rows.size(1), rows.size(2)])


            """,
    };

    /// <summary>
    /// Of the kernels a_ij·exp(κ·z_i·y_j + b_j): the logarithm of their sum over j, and a mean by them. <c>others</c> has the rows themselves as centres, each but its own, and gives the mean
    /// of r_j·√κ·z_j; <c>centers</c> has others, of which there may be many more than rows, so that κ is in the rows alone, and gives that of r_j·y_j.
    /// </summary>
    /// <remarks>
    /// b_j are added in two columns beyond those of the rows: a number of the products' type and the rest of it. They are relative to the largest, and a finite number stands for −∞.
    /// The kernels take the numbers of a row to lie one after the other and do not check it, so that a transposed tensor would be read as other rows: hence <c>contiguous</c>.
    /// </remarks>
    private const string Common = """
        def up(number: int, multiple: int) -> int:
            return (number + multiple - 1) // multiple * multiple


        def widen(rows: Tensor, columns: Optional[Tensor], width: int, dtype: int) -> Tensor:
            if columns is not None:
                rows = torch.cat([rows, columns], 1)
            if rows.size(1) < width:
                rows = torch.constant_pad_nd(rows, [0, width - rows.size(1)])
            return rows.to(dtype).contiguous()


        def narrowed(scaled: Tensor, logits: Optional[Tensor], dtype: int, columns: int) -> Tuple[Tensor, Optional[Tensor]]:
            width = up(scaled.size(1) + (0 if logits is None else 2), columns)
            top: Optional[Tensor] = None
            if logits is None:
                return widen(scaled, None, width, dtype), top
            finite = torch.clamp_min(logits, -1e30)
            top = torch.amax(finite, [0])
            relative = torch.clamp_min(finite - top, -6e4)
            head = relative.to(dtype).to(relative.dtype)
            return widen(scaled, torch.stack([head, relative - head], 1), width, dtype), top


        def orders(rows: Tensor, order: int, length: int) -> Tensor:
            if order == 2:
                ordered = torch.stack([rows, torch.flip(rows, [0])]).unsqueeze(0)
            elif order == 1:
                ordered = torch.flip(rows, [0]).unsqueeze(0).unsqueeze(0)
            else:
                ordered = rows.unsqueeze(0).unsqueeze(0)
            missing = length - rows.size(0)
            return ordered if missing == 0 else torch.constant_pad_nd(ordered, [0, 0, 0, missing])


        def triangles(keys: Tensor, signs: Optional[Tensor], have_logits: bool, d: int, order: int, multiple: int) -> Tuple[Tensor, Tensor]:
            count = keys.size(0) - 1
            length = up(count, multiple)
            ordered = orders(keys, order, length + 1)
            queries = part(ordered, 2, 1, length)
            if have_logits:
                queries = queries.clone()
                part(queries, 3, d, 2).fill_(1)
            ordered = part(ordered, 2, 0, length)
            values = ordered
            if signs is not None:
                values = ordered * part(orders(signs.to(keys.dtype).unsqueeze(1), order, length + 1), 2, 0, length)
            output, sums = attend(queries, ordered, values, True, 1.0)
            return part(output, 2, 0, count), part(sums, 2, 0, count)


        def others(
                rows: Tensor, root: Tensor, logits: Optional[Tensor], signs: Optional[Tensor], dtype: int, columns: int, multiple: int, apart: bool
        ) -> Tuple[Tensor, Tensor]:
            k = rows.size(0)
            d = rows.size(1)
            if k == 0:
                return rows, rows
            keys, top = narrowed(rows * root, logits, dtype, columns)
            have_logits = logits is not None
            if apart:
                output, sums = triangles(keys, signs, have_logits, d, 0, multiple)
                earlier, log_earlier = output[0, 0], sums[0, 0]
                output, sums = triangles(keys, signs, have_logits, d, 1, multiple)
                later, log_later = output[0, 0], sums[0, 0]
            else:
                output, sums = triangles(keys, signs, have_logits, d, 2, multiple)
                earlier, log_earlier, later, log_later = output[0, 0], sums[0, 0], output[0, 1], sums[0, 1]
            before = torch.constant_pad_nd(log_earlier.to(rows.dtype), [1, 0], -float("inf"))
            after = torch.constant_pad_nd(torch.flip(log_later, [0]).to(rows.dtype), [0, 1], -float("inf"))
            total = torch.logaddexp(before, after)
            mean = torch.zeros_like(rows)
            part(mean, 0, 1, k - 1).addcmul_(
                part(earlier, 1, 0, d).to(rows.dtype), part(torch.exp(before - total), 0, 1, k - 1).unsqueeze(1))
            part(mean, 0, 0, k - 1).addcmul_(
                torch.flip(part(later, 1, 0, d), [0]).to(rows.dtype), part(torch.exp(after - total), 0, 0, k - 1).unsqueeze(1))
            return mean, (total if top is None else total + top)


        def centers(
                rows: Tensor, others: Tensor, kappa: Tensor, logits: Optional[Tensor], signs: Optional[Tensor], dtype: int, columns: int, multiple: int
        ) -> Tuple[Tensor, Tensor]:
            n = rows.size(0)
            m = others.size(0)
            if n == 0:
                return rows, rows
            missing = up(m, multiple) - m
            if missing > 0:
                # What fills the sequence up must weigh nothing.
                weighed = torch.zeros([m], dtype=rows.dtype, device=rows.device) if logits is None else logits
                logits = torch.constant_pad_nd(weighed, [0, missing], -float("inf"))
                signs = None if signs is None else torch.constant_pad_nd(signs, [0, missing])
                others = torch.constant_pad_nd(others, [0, 0, 0, missing])
            keys, top = narrowed(others, logits, dtype, columns)
            queries = widen(rows * kappa, None if logits is None else torch.ones([n, 2], dtype=rows.dtype, device=rows.device), keys.size(1), dtype)
            ordered = orders(keys, 0, m + missing)
            weighed = ordered if signs is None else ordered * signs.to(dtype).unsqueeze(1)
            output, sums = attend(orders(queries, 0, up(n, multiple)), ordered, weighed, False, 1.0)
            mean = part(part(output[0, 0], 0, 0, n), 1, 0, rows.size(1)).to(rows.dtype)
            log_sums = part(sums[0, 0], 0, 0, n).to(rows.dtype)
            return mean, (log_sums if top is None else log_sums + top)


        """;
}
