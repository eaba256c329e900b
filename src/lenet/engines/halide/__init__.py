"""The fast CPU engines: a network's list of layers is lowered to kernels, which Halide compiles for this processor.

Halide's words, as this folder uses them:

- *Func*: a function of integer indices, such as `units[n, x, y, m, chunk]`. The output of a pipeline and every Func
  that is scheduled to be computed become arrays. Any other Func without updates is inlined: its formula is put in
  wherever it is used, and there is no array.
- *Var*: a variable that stands for an index of a Func or for a loop. *RDom*: the domain that a sum, a maximum or an
  update runs over. Its variables are `r.x`, `r.y`, `r.z` or, by number, `r[0]`, `r[1]` and so on.
- *pure definition* and *update*: `f[x] = 0` says what every element is, and `f[x] += ...` changes elements afterwards.
  The pure definition `hl.undef` leaves memory unchanged, for updates that write every element or work in place.
- *schedule*: the calls below the definitions. They decide how fast the numbers come, and affect the numbers themselves
  at most by rounding.
- `split`, `reorder`, `unroll`: cut a loop into two, choose which loop is inside which, write a loop out.
- `vectorize`, `parallel`: spread the iterations of a loop over the lanes of one instruction, or over the cores.
- `compute_at(g, x)`: at the start of each iteration of the loop over `x` of `g`, compute what the iteration needs of a
  Func. `compute_root`: compute a Func once, before everything that uses it.
- `bound`: promise the extent of a loop. `unsafe_promise_clamped`: promise that an index is within its bounds, so that
  no instruction is spent on clamping it.
- `atomic().vectorize(r.x)`: add up the lanes of a vector at the end of a sum.
- `allow_race_conditions`: promise that the iterations of an update write to different elements. Halide cannot prove it.

Most kernels in `batch/` have the images of a chunk in the lanes; a chunk is the part of a batch that one core takes at
a time. Most kernels in `online/` have the columns of a single picture there. Modules of the same name have the same
task in both folders. Neither folder imports the other; what both need is here.
"""
