"""python3 make.py: writes every directory beside this one."""
import bert
import decoders
import seq2seq
import torchscale

bert.make()
decoders.make()
seq2seq.make()
torchscale.make()
